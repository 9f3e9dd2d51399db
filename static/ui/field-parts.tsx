/** What all fields of forms have in common: what they are given, their label, their error. */
import type { ComponentChildren, VNode } from "preact";
import { useId } from "preact/hooks";

import type { Json } from "../../src/client/bodies.ts";
import type { FieldIssue } from "../../src/protocol/bodies.ts";
import type { Field } from "../model/form.ts";
import { type Path, pathKey } from "../model/form-value.ts";
import { Select } from "./select.tsx";

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
  const { input, id, children } = props;
  return (
    <div class="field">
      <label for={id}>
        <Title {...input} />
      </label>
      {children}
      <Notes {...input} id={id} />
    </div>
  );
}

export function Title({ field, isRequired }: InputProps): VNode {
  return (
    <>
      {field.title || "Value"}
      {!isRequired && <span class="optional"> optional</span>}
    </>
  );
}

/** What there is to say about a field, under the ids by which its input refers to it. */
export function Notes({ field, path, errors, id }: InputProps & { readonly id: string }): VNode {
  const error = errorAt(errors, path);
  return (
    <>
      {field.description && (
        <p class="hint" id={`${id}-hint`}>
          {field.description}
        </p>
      )}
      {error && (
        <p class="error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </>
  );
}

export interface Aria {
  readonly id: string;
  readonly "aria-invalid": boolean;
  readonly "aria-required": boolean;
  readonly "aria-describedby": string | undefined;
}

export function useAria({ field, path, isRequired, errors }: InputProps): Aria {
  const id = useId();
  const isWrong = errorAt(errors, path) !== undefined;
  const about = [field.description && `${id}-hint`, isWrong && `${id}-error`];
  return {
    id,
    "aria-invalid": isWrong,
    "aria-required": isRequired,
    "aria-describedby": about.filter(Boolean).join(" ") || undefined,
  };
}

/** One of several by its place among them, or none: -1. */
export function PlaceSelect(props: {
  readonly aria: Partial<Aria>;
  readonly titles: readonly string[];
  readonly isRequired: boolean;
  readonly chosen: number;
  readonly onChoose: (place: number) => void;
}): VNode {
  const { aria, titles, isRequired, chosen, onChoose } = props;
  const none = ["-1", isRequired ? "Choose …" : "Leave out"] as const;
  const places = titles.map((title, place) => [String(place), title] as const);
  return (
    <Select
      {...aria}
      value={String(chosen)}
      options={[none, ...places]}
      onChoose={(value) => onChoose(Number(value))}
    />
  );
}
