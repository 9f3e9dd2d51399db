/** The store, for every component. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";

import type { Store } from "../state/store.ts";

export const StoreContext: ReturnType<typeof createContext<Store | null>> =
  createContext<Store | null>(null);

export function useStore(): Store {
  const store = useContext(StoreContext);
  if (!store) throw new Error("Components are drawn within a store.");
  return store;
}
