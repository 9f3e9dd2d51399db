/**
 * Resources of one scope: made when first used, once however many ask at the same time, and
 * disposed of in the reverse order when the scope ends, after those of the scopes inside of it. A
 * failure to make one is forgotten: the next asks anew.
 */
import { must } from "../base/assert.ts";
import type { Log } from "../base/log.ts";
import type { Resource, ResourceScope } from "../workflow/resource.ts";

export class ResourcePool {
  readonly #scope: ResourceScope;
  readonly #outer: ResourcePool | null;
  readonly #log: Log;
  #made: Map<Resource, Promise<unknown>> | undefined;
  #disposals: (() => unknown)[] | undefined;
  /** Ends that are under way, of this scope and of those inside of it. */
  #endings: Set<Promise<void>> | undefined;
  #isEnded = false;

  constructor(scope: ResourceScope, outer: ResourcePool | null, log: Log) {
    this.#scope = scope;
    this.#outer = outer;
    this.#log = log;
  }

  /** Everything that a step has named, by its names. */
  async useAll(
    resources: Readonly<Record<string, Resource>>,
  ): Promise<Readonly<Record<string, unknown>>> {
    const entries = Object.entries(resources).map(
      async ([name, resource]) => [name, await this.#use(resource)] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  }

  /** Disposes of what was made here. A disposal that fails is reported, and the others go on. */
  end(): Promise<void> {
    this.#isEnded = true;
    if (!this.#disposals && !this.#endings?.size) return nothingToDo;
    const ending = this.#disposeOf(this.#disposals ?? []);
    this.#follow(ending);
    return ending;
  }

  // ---

  #use(resource: Resource): Promise<unknown> {
    if (resource.scope !== this.#scope) {
      return must(this.#outer, `A resource of scope ${resource.scope} has its pool.`).#use(
        resource,
      );
    }
    const pool = (this.#made ??= new Map());
    const made = pool.get(resource) ?? this.#make(resource);
    pool.set(resource, made);
    made.catch(() => pool.delete(resource)); // Whoever asked is told.
    return made;
  }

  async #make(resource: Resource): Promise<unknown> {
    const value = await resource.make(await this.useAll(resource.needs));
    const dispose = disposalOf(value);
    if (dispose) (this.#disposals ??= []).push(dispose);
    if (this.#isEnded) await this.end(); // The scope has ended while it was made.
    return value;
  }

  async #disposeOf(disposals: (() => unknown)[]): Promise<void> {
    const own = disposals.splice(0).toReversed();
    if (this.#endings?.size) await Promise.all(this.#endings);
    for (const dispose of own) await this.#attempt(dispose);
  }

  #follow(ending: Promise<void>): void {
    const endings = (this.#endings ??= new Set());
    endings.add(ending);
    void ending.then(() => endings.delete(ending));
    if (this.#outer) this.#outer.#follow(ending);
  }

  async #attempt(dispose: () => unknown): Promise<void> {
    try {
      await dispose();
    } catch (error) {
      this.#log("error", "A resource could not be disposed of.", { error });
    }
  }
}

// ---

const nothingToDo = Promise.resolve();

function disposalOf(value: unknown): (() => unknown) | undefined {
  const disposable = value as Partial<AsyncDisposable & Disposable> | null | undefined;
  const dispose = disposable?.[Symbol.asyncDispose] ?? disposable?.[Symbol.dispose];
  return dispose?.bind(value);
}
