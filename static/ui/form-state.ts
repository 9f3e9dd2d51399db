/** What a form holds: a value, or its text as JSON; what is wrong with it; and how it is sent. */
import { type Signal, signal } from "@preact/signals";

import type { Json, JsonObject } from "../../src/client/bodies.ts";
import { ClientError } from "../../src/client/error.ts";
import type { FieldIssue } from "../../src/protocol/bodies.ts";
import { type Field, toField } from "../model/form.ts";
import { checkValue, initialGroup, type Path, pathKey, setAt } from "../model/form-value.ts";
import { isObject } from "../model/json.ts";
import { pretty } from "../model/words.ts";
import { messageOf } from "../state/message.ts";

export class FormState {
  readonly field: Field;
  /** Whether there is anything to show but text. */
  readonly hasFields: boolean;
  readonly value: Signal<JsonObject>;
  readonly isRaw: Signal<boolean>;
  readonly text: Signal<string>;
  readonly errors: Signal<readonly FieldIssue[]> = signal([]);
  readonly failure: Signal<string | null> = signal(null);
  readonly isBusy: Signal<boolean> = signal(false);

  constructor(schema: JsonObject, initial: JsonObject | undefined) {
    const field = toField(schema, schema);
    const start = { ...(field.kind === "group" ? initialGroup(field) : {}), ...initial };
    this.field = field;
    this.hasFields = field.kind === "group" && field.members.length > 0;
    this.value = signal(start);
    this.isRaw = signal(!this.hasFields);
    this.text = signal(pretty(start));
  }

  change(path: Path, next: Json | undefined): void {
    const { value, errors } = this;
    value.value = (setAt(value.value, path, next) ?? {}) as JsonObject; // The root is an object.
    const key = pathKey(path);
    errors.value = errors.value.filter((error) => pathKey(error.path) !== key);
  }

  /** Says at once what is wrong with it, as far as that is known here. */
  changeText(next: string): void {
    this.text.value = next;
    this.failure.value = null;
    const parsed = this.#readText();
    this.errors.value = parsed ? checkValue(this.field, parsed, true) : [];
  }

  /** From fields to text, or back. */
  toggle(): void {
    this.failure.value = null;
    if (this.isRaw.value) {
      const parsed = this.#readText();
      if (!parsed) return;
      this.value.value = parsed;
    } else this.text.value = pretty(this.value.value);
    this.isRaw.value = !this.isRaw.value;
  }

  async submit(send: (value: JsonObject) => Promise<void>): Promise<void> {
    this.failure.value = null;
    const input = this.isRaw.value ? this.#readText() : this.value.value;
    if (!input || this.isBusy.value) return;
    this.errors.value = checkValue(this.field, input, true);
    // Text is the way out where a form asks for too much: the server has the last word on it.
    if (this.errors.value.length > 0 && !this.isRaw.value) return focusFirstError();
    this.isBusy.value = true;
    try {
      await send(input);
    } catch (error) {
      this.errors.value = error instanceof ClientError ? error.issues : [];
      this.failure.value = messageOf(error);
      focusFirstError();
    } finally {
      this.isBusy.value = false;
    }
  }

  #readText(): JsonObject | undefined {
    try {
      const parsed = JSON.parse(this.text.value.trim() || "{}") as Json;
      if (isObject(parsed)) return parsed;
      this.failure.value = "Expected a JSON object.";
    } catch (error) {
      this.failure.value = `This is no JSON: ${messageOf(error)}`;
    }
    return undefined;
  }
}

// ---

function focusFirstError(): void {
  // After the errors were drawn.
  requestAnimationFrame(() => {
    document.querySelector<HTMLElement>('.form [aria-invalid="true"]')?.focus();
  });
}
