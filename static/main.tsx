/** Where the page begins. */
import { signal } from "@preact/signals";
import { render } from "preact";

import { createClient } from "../src/client/client.ts";
import { createStore } from "./state/store.ts";
import { App } from "./ui/app.tsx";

const keyName = "workflows-server:key";
const key = signal(sessionStorage.getItem(keyName) ?? "");
key.subscribe((value) => {
  if (value !== "") sessionStorage.setItem(keyName, value);
});

const client = createClient({ baseUrl: document.baseURI, key: () => key.value || undefined });
const root = document.getElementById("root");
if (root) render(<App store={createStore(client, key)} />, root);
