/**
 * Where items of a list are, by a key that each has to itself.
 *
 * Lists are never changed in place. One that grows takes what is known of it along, so that a long
 * list is gone through once, and not for each item that comes to it. Nothing depends on what is
 * known: it can be found out anew.
 */
export interface Places<T> {
  /** -1: there is none. */
  find(list: readonly T[], key: string): number;
  /** The list with an item more. */
  added(list: readonly T[], item: T): readonly T[];
  /** The list with another item of the same key in its place. */
  replaced(list: readonly T[], place: number, item: T): readonly T[];
}

export function createPlaces<T>(keyOf: (item: T) => string): Places<T> {
  const known = new WeakMap<readonly T[], Map<string, number>>();
  const placesOf = (list: readonly T[]): ReadonlyMap<string, number> => {
    const places = known.get(list) ?? new Map(list.map((item, place) => [keyOf(item), place]));
    known.set(list, places);
    return places;
  };
  const handOver = (from: readonly T[], to: readonly T[], item: T, place: number): void => {
    const places = known.get(from);
    if (!places) return;
    known.delete(from);
    known.set(to, places.set(keyOf(item), place));
  };
  return {
    find(list, key) {
      if (list.length < longLength) return list.findIndex((item) => keyOf(item) === key);
      return placesOf(list).get(key) ?? -1;
    },
    added(list, item) {
      const longer = list.concat(item);
      handOver(list, longer, item, list.length);
      return longer;
    },
    replaced(list, place, item) {
      const other = list.with(place, item);
      handOver(list, other, item, place);
      return other;
    },
  };
}

// ---

/** A shorter list is gone through in less time than it takes to know its places. */
const longLength = 64;
