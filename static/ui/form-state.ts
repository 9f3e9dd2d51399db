/** What a form holds: a value, or its text as JSON; what is wrong with it; and how it is sent. */
import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";

import type { Json, JsonObject } from "../../src/client/bodies.ts";
import { ClientError } from "../../src/client/error.ts";
import type { FieldIssue } from "../../src/protocol/bodies.ts";
import { type Field, toField } from "../model/form.ts";
import { checkValue, initialGroup, type Path, pathKey, setAt } from "../model/form-value.ts";
import { isObject } from "../model/json.ts";
import { pretty } from "../model/words.ts";
import { messageOf } from "../state/message.ts";

export interface FormOptions {
  readonly schema: JsonObject;
  readonly initial?: JsonObject | undefined;
  readonly onSubmit: (value: JsonObject) => Promise<void>;
}

export interface FormState {
  readonly field: Field;
  /** Whether there is anything to show but text. */
  readonly hasFields: boolean;
  readonly value: ReadonlySignal<JsonObject>;
  readonly isRaw: ReadonlySignal<boolean>;
  readonly text: ReadonlySignal<string>;
  readonly errors: ReadonlySignal<readonly FieldIssue[]>;
  readonly failure: ReadonlySignal<string | null>;
  readonly isBusy: ReadonlySignal<boolean>;
  readonly change: (path: Path, next: Json | undefined) => void;
  /** Says at once what is wrong with it, as far as that is known here. */
  readonly changeText: (next: string) => void;
  readonly toggle: () => void;
  readonly submit: () => Promise<void>;
}

export function useEventForm(props: FormOptions): FormState {
  const { schema, initial, onSubmit } = props;
  const field = useMemo(() => toField(schema, schema), [schema]);
  const hasFields = field.kind === "group" && field.members.length > 0;
  const start = useMemo(
    () => ({ ...(field.kind === "group" ? initialGroup(field) : {}), ...initial }),
    [field],
  );
  const value = useSignal<JsonObject>(start);
  const isRaw = useSignal(!hasFields);
  const text = useSignal(pretty(start));
  const errors = useSignal<readonly FieldIssue[]>([]);
  const failure = useSignal<string | null>(null);
  const isBusy = useSignal(false);

  const change = (path: Path, next: Json | undefined): void => {
    value.value = (setAt(value.value, path, next) ?? {}) as JsonObject; // The root is an object.
    const key = pathKey(path);
    errors.value = errors.value.filter((error) => pathKey(error.path) !== key);
  };
  const readRaw = (): JsonObject | undefined => {
    try {
      const parsed = JSON.parse(text.value.trim() || "{}") as Json;
      if (isObject(parsed)) return parsed;
      failure.value = "Expected a JSON object.";
    } catch (error) {
      failure.value = `This is no JSON: ${messageOf(error)}`;
    }
    return undefined;
  };
  const changeText = (next: string): void => {
    text.value = next;
    failure.value = null;
    errors.value = [];
    const parsed = readRaw();
    if (parsed) errors.value = checkValue(field, parsed, true);
  };
  const toggle = (): void => {
    failure.value = null;
    if (isRaw.value) {
      const parsed = readRaw();
      if (!parsed) return;
      value.value = parsed;
    } else text.value = pretty(value.value);
    isRaw.value = !isRaw.value;
  };
  const submit = async (): Promise<void> => {
    failure.value = null;
    const input = isRaw.value ? readRaw() : value.value;
    if (!input || isBusy.value) return;
    errors.value = checkValue(field, input, true);
    // Text is the way out where a form asks for too much: the server has the last word on it.
    if (errors.value.length > 0 && !isRaw.value) return focusFirstError();
    isBusy.value = true;
    try {
      await onSubmit(input);
    } catch (error) {
      errors.value = error instanceof ClientError ? error.issues : [];
      failure.value = messageOf(error);
      focusFirstError();
    } finally {
      isBusy.value = false;
    }
  };
  return {
    field,
    hasFields,
    value,
    isRaw,
    text,
    errors,
    failure,
    isBusy,
    change,
    changeText,
    toggle,
    submit,
  };
}

// ---

function focusFirstError(): void {
  // After the errors were drawn.
  requestAnimationFrame(() => {
    document.querySelector<HTMLElement>('.form [aria-invalid="true"]')?.focus();
  });
}
