/** A server with a key shows nothing without it; the key stays in this tab. */
import { useSignal } from "@preact/signals";
import type { VNode } from "preact";

import { Button } from "./button.tsx";
import { useStore } from "./context.ts";

export function KeyForm(): VNode {
  const { key } = useStore();
  const value = useSignal("");
  return (
    <form
      class="key-form"
      onSubmit={(event) => {
        event.preventDefault();
        key.use(value.value.trim());
      }}
    >
      <h2>This server asks for an API key</h2>
      <p class="quiet">
        It is the one that the server was started with. It is kept in this tab only, until it is
        closed.
      </p>
      <label for="api-key">API key</label>
      <input
        id="api-key"
        type="password"
        autocomplete="current-password"
        required
        value={value.value}
        onInput={(event) => (value.value = event.currentTarget.value)}
      />
      {key.isWrong.value && (
        <p class="error" role="alert">
          The server does not know that key.
        </p>
      )}
      <Button type="submit" kind="primary" label="Use key" />
    </form>
  );
}
