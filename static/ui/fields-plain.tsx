/** Fields for one value each: text, numbers, flags, choices, and JSON as text. */
import { useSignal } from "@preact/signals";
import type { VNode } from "preact";

import type { Json } from "../../src/client/bodies.ts";
import type { ChoiceField, NumberField, TextField } from "../model/form.ts";
import { pretty } from "../model/words.ts";
import { type InputProps, Labelled, Notes, PlaceSelect, useAria } from "./field-parts.tsx";

/** An empty text is left out where that is allowed, and an empty text where it is not. */
export function TextInput(props: InputProps<TextField>): VNode {
  const { field, path, value, isRequired, onChange } = props;
  const aria = useAria(props);
  const types: Readonly<Record<string, "date" | "email" | "url" | "password">> = {
    date: "date",
    email: "email",
    uri: "url",
    url: "url",
    password: "password",
  };
  const text = typeof value === "string" ? value : "";
  const set = (next: string): void => onChange(path, next === "" && !isRequired ? undefined : next);
  const isDateTime = field.format === "date-time";
  const isLong = field.format === undefined && (text.length > 60 || text.includes("\n"));
  return (
    <Labelled input={props} id={aria.id}>
      {isLong ? (
        <textarea
          {...aria}
          rows={4}
          value={text}
          onInput={(event) => set(event.currentTarget.value)}
        />
      ) : (
        <input
          {...aria}
          // The types of inputs are told apart by it; here it is known at run time only.
          type={(isDateTime ? "datetime-local" : (types[field.format ?? ""] ?? "text")) as "text"}
          step={isDateTime ? "any" : undefined}
          value={isDateTime ? toLocal(text) : text}
          maxLength={field.lengthMax}
          onInput={(event) =>
            set(isDateTime ? toIso(event.currentTarget.value) : event.currentTarget.value)
          }
        />
      )}
    </Labelled>
  );
}

export function NumberInput(props: InputProps<NumberField>): VNode {
  const { field, path, value, onChange } = props;
  const aria = useAria(props);
  const typed = useSignal<string | null>(null);
  const shown = typeof value === "number" ? String(value) : "";
  // What is being typed (`1.`, `-`) need not be a number yet.
  const text = typed.value !== null && Number(typed.value) === value ? typed.value : shown;
  return (
    <Labelled input={props} id={aria.id}>
      <input
        {...aria}
        type="number"
        inputMode={field.isInteger ? "numeric" : "decimal"}
        step={field.step ?? (field.isInteger ? 1 : "any")}
        min={field.min}
        max={field.max}
        value={text}
        onInput={(event) => {
          const next = event.currentTarget.value;
          typed.value = next;
          onChange(path, next === "" ? undefined : Number(next));
        }}
      />
    </Labelled>
  );
}

/** What must be given is a box, ticked or not; what may be left out has three answers. */
export function FlagInput(props: InputProps): VNode {
  const { field, path, value, isRequired, onChange } = props;
  const aria = useAria(props);
  if (!isRequired && field.initial !== true && field.initial !== false) {
    const options = [true, false];
    return <ChoiceInput {...props} field={{ ...field, kind: "choice", options }} />;
  }
  return (
    <div class="field">
      <label class="check">
        <input
          {...aria}
          type="checkbox"
          checked={value === true}
          onInput={(event) => onChange(path, event.currentTarget.checked)}
        />
        {field.title}
      </label>
      <Notes {...props} id={aria.id} />
    </div>
  );
}

export function ChoiceInput(props: InputProps<ChoiceField>): VNode {
  const { field, path, value, onChange } = props;
  const aria = useAria(props);
  const chosen = field.options.findIndex(
    (option) => JSON.stringify(option) === JSON.stringify(value),
  );
  return (
    <Labelled input={props} id={aria.id}>
      <PlaceSelect
        aria={aria}
        titles={field.options.map((option) =>
          typeof option === "string" ? option : JSON.stringify(option),
        )}
        isRequired={props.isRequired}
        chosen={chosen}
        onChoose={(index) => onChange(path, field.options[index])}
      />
    </Labelled>
  );
}

export function JsonInput(props: InputProps): VNode {
  const { path, value, onChange } = props;
  const aria = useAria(props);
  const typed = useSignal("");
  const read = readJson(typed.value);
  // What was typed may have stood for an item of a list that is not there any more.
  const isTyped = JSON.stringify(read.value) === JSON.stringify(value);
  const shown = value === undefined ? "" : pretty(value);
  return (
    <Labelled input={props} id={aria.id}>
      <textarea
        {...aria}
        class="code"
        rows={4}
        spellcheck={false}
        placeholder="JSON, or plain text"
        value={isTyped ? typed.value : shown}
        onInput={(event) => {
          typed.value = event.currentTarget.value;
          onChange(path, readJson(typed.value).value);
        }}
      />
      {isTyped && read.isText && <p class="hint">This is no JSON: it is sent as text.</p>}
    </Labelled>
  );
}

// ---

function readJson(text: string): { readonly value: Json | undefined; readonly isText: boolean } {
  if (text.trim() === "") return { value: undefined, isText: false };
  try {
    return { value: JSON.parse(text) as Json, isText: false };
  } catch {
    return { value: text, isText: true };
  }
}

function toLocal(iso: string): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return "";
  const date = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 19);
}

function toIso(local: string): string {
  const at = Date.parse(local);
  return Number.isNaN(at) ? "" : new Date(at).toISOString();
}
