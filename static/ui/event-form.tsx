/**
 * A form for the fields of an event, or their JSON as text. What the server refuses is shown at the
 * field that it refused.
 */
import type { ComponentChildren, VNode } from "preact";
import { useId, useMemo } from "preact/hooks";

import type { JsonObject } from "../../src/client/bodies.ts";
import { Button } from "./button.tsx";
import { FieldInput } from "./fields.tsx";
import { FormState } from "./form-state.ts";

export interface EventFormProps {
  readonly schema: JsonObject;
  readonly initial?: JsonObject | undefined;
  readonly onSubmit: (value: JsonObject) => Promise<void>;
  readonly submitLabel: string;
  readonly submitIcon?: "play" | "send" | "fork";
  readonly extra?: (value: JsonObject) => ComponentChildren;
}

export function EventForm(props: EventFormProps): VNode {
  const form = useMemo(() => new FormState(props.schema, props.initial), [props.schema]);
  const id = useId();
  const errors = form.errors.value;
  return (
    <form
      class="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void form.submit(props.onSubmit);
      }}
    >
      {form.isRaw.value ? (
        <div class="field">
          <label for={`${id}-text`}>Fields as JSON</label>
          <textarea
            id={`${id}-text`}
            class="code"
            rows={8}
            spellcheck={false}
            aria-invalid={errors.length > 0 || form.failure.value !== null}
            aria-describedby={errors.length > 0 ? `${id}-errors` : undefined}
            value={form.text.value}
            onInput={(event) => form.changeText(event.currentTarget.value)}
          />
          {errors.length > 0 && (
            <ul id={`${id}-errors`} class="error raw-errors">
              {errors.map(({ path, message }) => (
                <li key={path.join(".")}>
                  {path.length > 0 && <code>{path.join(".")}</code>} {message}
                </li>
              ))}
            </ul>
          )}
          {!form.hasFields && <p class="hint">This event declares no fields; it may carry any.</p>}
        </div>
      ) : (
        <FieldInput
          field={form.field}
          path={[]}
          value={form.value.value}
          isRequired
          errors={errors}
          draw={FieldInput}
          onChange={(path, next) => form.change(path, next)}
        />
      )}
      {form.failure.value && (
        <p class="error is-block" role="alert">
          {form.failure.value}
        </p>
      )}
      <div class="form-actions">
        <Button
          type="submit"
          kind="primary"
          label={form.isBusy.value ? "Sending …" : props.submitLabel}
          icon={props.submitIcon ?? "play"}
          isDisabled={form.isBusy.value}
        />
        {form.hasFields && (
          <Button
            label={form.isRaw.value ? "Edit as form" : "Edit as JSON"}
            onClick={() => form.toggle()}
          />
        )}
        {props.extra?.(form.value.value)}
      </div>
    </form>
  );
}
