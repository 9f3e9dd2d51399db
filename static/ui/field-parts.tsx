/** What all fields of forms have in common: what they are given, their label, their error. */
import type { ComponentChildren, VNode } from "preact";

import type { Json } from "../../src/client/bodies.ts";
import type { FieldIssue } from "../../src/protocol/bodies.ts";
import type { Field } from "../model/form.ts";
import { type Path, pathKey } from "../model/form-value.ts";

export interface InputProps<F extends Field = Field> {
  readonly field: F;
  readonly path: Path;
  readonly value: Json | undefined;
  readonly isRequired: boolean;
  readonly errors: readonly FieldIssue[];
  /** Draws any field: fields hold fields. */
  readonly draw: (props: InputProps) => VNode;
  readonly onChange: (path: Path, value: Json | undefined) => void;
}

export function errorAt(errors: readonly FieldIssue[], path: Path): string | undefined {
  const key = pathKey(path);
  return errors.find((error) => pathKey(error.path) === key)?.message;
}

/** Label, description and error around an input, tied to it. */
export function Labelled(props: {
  readonly input: InputProps;
  readonly id: string;
  readonly children: ComponentChildren;
}): VNode {
  const { field, path, isRequired, errors } = props.input;
  const error = errorAt(errors, path);
  return (
    <div class="field">
      <label for={props.id}>
        {field.title || "Value"}
        {!isRequired && <span class="optional"> optional</span>}
      </label>
      {props.children}
      {field.description && (
        <p class="hint" id={`${props.id}-hint`}>
          {field.description}
        </p>
      )}
      {error && (
        <p class="error" id={`${props.id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}
