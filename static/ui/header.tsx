/** The bar on top: which workflow, what to do with it, and whether the server is there. */
import type { VNode } from "preact";

import { Button } from "./button.tsx";
import { useStore } from "./context.ts";
import { Select } from "./select.tsx";

export function Header(): VNode {
  const store = useStore();
  const { workflows, workflow, dialog, run } = store;
  const names = workflows.names.value ?? [];
  const name = workflow.value;
  const none = ["", names.length === 0 ? "No workflow" : "Choose a workflow"] as const;
  const unlisted = name === undefined ? [none] : names.includes(name) ? [] : [name];
  const open = run.value;
  const isRunning = open?.handler.value?.status === "running" && !open.isReadOnly;
  return (
    <header class="header">
      <h1 class="brand">
        <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" class="brand-mark">
          <path d="M4 5h5a3 3 0 0 1 3 3v4a3 3 0 0 0 3 3h1" />
          <circle cx="4" cy="5" r="2.4" />
          <circle cx="16" cy="15" r="2.4" />
        </svg>
        <span>workflows-server</span>
      </h1>
      <label class="picker">
        <span class="visually-hidden">Workflow</span>
        <Select
          id="workflow-picker"
          value={name ?? ""}
          disabled={names.length === 0}
          options={[...unlisted, ...names]}
          onChoose={(value) => value !== "" && store.openWorkflow(value)}
        />
      </label>
      <Button
        label="Run"
        icon="play"
        kind="primary"
        title="Start a run (r)"
        isDisabled={name === undefined}
        onClick={() => name !== undefined && (dialog.value = { kind: "run", workflow: name })}
      />
      <Button
        label="Send event"
        icon="send"
        title={
          isRunning
            ? "Send an event into this run (s)"
            : "Open a run that goes on to send it events"
        }
        isDisabled={!isRunning}
        onClick={() => (dialog.value = { kind: "send" })}
      />
      <span class="header-space" />
      <ServerState />
      <Button
        label="Commands"
        icon="command"
        isIconOnly
        title="All commands (Ctrl+K)"
        onClick={() => (dialog.value = { kind: "palette" })}
      />
      <ThemeButton />
      <Button
        label="Help and shortcuts"
        icon="question"
        isIconOnly
        onClick={() => (dialog.value = { kind: "help" })}
      />
    </header>
  );
}

// ---

function ServerState(): VNode {
  const { handlers } = useStore();
  const words = { opening: "connecting", open: "live", lost: "server gone, trying again" } as const;
  const state = handlers.connection.value;
  return (
    <span class={`server is-${state}`} role="status">
      <span class="server-dot" aria-hidden="true" />
      {words[state]}
    </span>
  );
}

function ThemeButton(): VNode {
  const { theme } = useStore();
  const next = { system: "light", light: "dark", dark: "system" } as const;
  const icons = { system: "contrast", light: "sun", dark: "moon" } as const;
  return (
    <Button
      label={`Theme: ${theme.value}`}
      icon={icons[theme.value]}
      isIconOnly
      onClick={() => (theme.value = next[theme.value])}
    />
  );
}
