/** The dialog that is open, if one is. */
import { useSignal } from "@preact/signals";
import type { VNode } from "preact";

import type { JsonObject } from "../../src/client/bodies.ts";
import { recall } from "../state/memory.ts";
import type { ForkPoint } from "../state/store.ts";
import { Button } from "./button.tsx";
import { useStore } from "./context.ts";
import { CopyAs, sendSnippets, startSnippets } from "./copy-as.tsx";
import { DialogBox } from "./dialog.tsx";
import { EventForm } from "./event-form.tsx";
import { Help } from "./help.tsx";
import { Palette } from "./palette.tsx";
import { Select } from "./select.tsx";

export function Dialogs(): VNode | null {
  const { dialog } = useStore();
  const open = dialog.value;
  const close = (): void => {
    dialog.value = null;
  };
  switch (open?.kind) {
    case "run":
      return <RunDialog workflow={open.workflow} initial={open.initial} onClose={close} />;
    case "send":
      return <SendDialog type={open.type} onClose={close} />;
    case "fork":
      return <ForkDialog point={open.point} onClose={close} />;
    case "cancel":
    case "delete":
      return <EndDialog kind={open.kind} handlerId={open.handlerId} onClose={close} />;
    case "palette":
      return <Palette onClose={close} />;
    case "help":
      return <Help onClose={close} />;
    default:
      return null;
  }
}

// ---

function RunDialog(props: {
  readonly workflow: string;
  readonly initial: JsonObject | undefined;
  readonly onClose: () => void;
}): VNode {
  const store = useStore();
  const { workflow, initial, onClose } = props;
  const info = store.workflows.info(workflow).value;
  return (
    <DialogBox title={`Run ${workflow}`} onClose={onClose}>
      {info.kind === "failed" && <p class="error">{info.message}</p>}
      {info.kind === "ready" && (
        <EventForm
          schema={info.value.schema.start}
          initial={initial ?? recall<JsonObject>(`input:${workflow}`, {})}
          submitLabel="Run"
          onSubmit={async (value) => {
            await store.start(workflow, value);
            onClose();
          }}
          extra={(value) => <CopyAs snippets={startSnippets(store, workflow, value)} />}
        />
      )}
    </DialogBox>
  );
}

function SendDialog(props: {
  readonly type: string | undefined;
  readonly onClose: () => void;
}): VNode {
  const store = useStore();
  const name = store.workflow.value ?? "";
  const info = store.workflows.info(name).value;
  const definition = info.kind === "ready" ? info.value.body : undefined;
  const families = ["human_response", "event", "input_required"];
  const types = (definition?.eventTypes ?? [])
    .filter(({ family }) => families.includes(family))
    .toSorted((a, b) => families.indexOf(a.family) - families.indexOf(b.family));
  const chosen = useSignal(props.type ?? "");
  const target = useSignal("");
  const type = types.find((known) => known.type === chosen.value) ?? types[0];
  const takers = (definition?.steps ?? []).filter(
    ({ accepts, waits }) => type && [...accepts, ...waits].includes(type.type),
  );
  const step = takers.some((taker) => taker.name === target.value) ? target.value : null;
  return (
    <DialogBox title="Send an event" onClose={props.onClose}>
      {!type && <p>This workflow takes no events from outside.</p>}
      {type && (
        <>
          <div class="field">
            <label for="send-type">Event type</label>
            <Select
              id="send-type"
              value={type.type}
              options={types.map((known) => known.type)}
              onChoose={(value) => (chosen.value = value)}
            />
          </div>
          <div class="field">
            <label for="send-step">Step</label>
            <Select
              id="send-step"
              value={step ?? ""}
              options={[["", "All that take it"], ...takers.map((taker) => taker.name)]}
              onChoose={(value) => (target.value = value)}
            />
            {takers.length === 0 && (
              <p class="hint">
                No step declares to take it: it is kept for one that waits for it later.
              </p>
            )}
          </div>
          <EventForm
            key={type.type}
            schema={type.jsonSchema}
            submitLabel="Send"
            submitIcon="send"
            onSubmit={async (value) => {
              await store.send(type.type, value, step);
              props.onClose();
            }}
            extra={(value) => (
              <CopyAs snippets={sendSnippets(store, { type: type.type, value }, step)} />
            )}
          />
        </>
      )}
    </DialogBox>
  );
}

function ForkDialog(props: { readonly point: ForkPoint; readonly onClose: () => void }): VNode {
  const store = useStore();
  const { point, onClose } = props;
  const { input, request } = point;
  const type = input && store.run.value?.trace?.definition.eventTypes.get(input.type);
  const isEdited = useSignal(type !== null && type !== undefined);
  const fork = async (event?: { type: string; value: JsonObject }): Promise<void> => {
    await store.fork({ ...request, ...(event && { event }) });
    onClose();
  };
  return (
    <DialogBox title={`Fork ${point.title}`} onClose={onClose}>
      <p class="quiet">
        A new run takes over the story of this one up to there, and goes on by itself. This one
        stays as it is.
      </p>
      {type && input && isEdited.value ? (
        <>
          <h3>Input of the step: {input.type}</h3>
          <EventForm
            schema={type.jsonSchema}
            initial={input.value}
            submitLabel="Fork with this input"
            submitIcon="fork"
            onSubmit={(value) => fork({ type: input.type, value })}
            extra={() => (
              <Button label="Leave the input as it is" onClick={() => (isEdited.value = false)} />
            )}
          />
        </>
      ) : (
        <div class="form-actions">
          <Button
            label="Fork"
            icon="fork"
            kind="primary"
            onClick={() => void fork().catch(store.report)}
          />
          {type && <Button label="Edit the input" onClick={() => (isEdited.value = true)} />}
        </div>
      )}
    </DialogBox>
  );
}

/** What cannot be taken back is asked about first. */
function EndDialog(props: {
  readonly kind: "cancel" | "delete";
  readonly handlerId: string;
  readonly onClose: () => void;
}): VNode {
  const store = useStore();
  const { kind, handlerId, onClose } = props;
  const isDelete = kind === "delete";
  const end = (): Promise<void> => (isDelete ? store.delete(handlerId) : store.cancel(handlerId));
  return (
    <DialogBox title={isDelete ? "Delete this run?" : "Cancel this run?"} onClose={onClose}>
      {isDelete ? (
        <p>
          Everything of <code>{handlerId}</code> goes for good: its events, its result, its story.
          If it is still going on, it is cancelled.
        </p>
      ) : (
        <p>
          The steps of <code>{handlerId}</code> are stopped where they are. What the run has shown
          so far stays; it cannot go on, but it can be forked or run again.
        </p>
      )}
      <div class="form-actions">
        <Button
          label={isDelete ? "Delete" : "Cancel the run"}
          icon={isDelete ? "trash" : "stop"}
          kind="danger"
          onClick={() => void end().then(onClose).catch(store.report)}
        />
        <Button label={isDelete ? "Keep it" : "Let it go on"} onClick={onClose} />
      </div>
    </DialogBox>
  );
}
