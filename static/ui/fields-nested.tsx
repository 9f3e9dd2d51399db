/** Fields that hold fields: objects, lists, maps, and one of several kinds. */
import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useId } from "preact/hooks";

import type { Json } from "../../src/client/bodies.ts";
import type { Field, GroupField, ListField, MapField, UnionField } from "../model/form.ts";
import { initialValue, variantOf } from "../model/form-value.ts";
import { fieldOf, isObject } from "../model/json.ts";
import { Button } from "./button.tsx";
import { errorAt, type InputProps, PlaceSelect, Title } from "./field-parts.tsx";

export function GroupInput(props: InputProps<GroupField>): VNode {
  const { field, path, value, isRequired, onChange } = props;
  if (value === undefined || value === null) {
    return <Absent {...props} onAdd={() => onChange(path, initialValue(field, true))} />;
  }
  const object = isObject(value) ? value : {};
  // What can only be one thing is not asked for.
  const asked = field.members.filter(({ isRequired: isFixed, field: member }) => {
    return !(isFixed && member.kind === "choice" && member.options.length === 1);
  });
  const members = asked.map((member) => (
    <props.draw
      key={member.name}
      {...props}
      field={member.field}
      isRequired={member.isRequired}
      path={[...path, member.name]}
      value={fieldOf(object, member.name)}
    />
  ));
  if (path.length === 0) return <div class="fields">{members}</div>;
  return (
    <Boxed {...props} onRemove={isRequired ? undefined : () => onChange(path, undefined)}>
      {members}
    </Boxed>
  );
}

export function ListInput(props: InputProps<ListField>): VNode {
  const { field, path, value, isRequired, onChange } = props;
  const items = Array.isArray(value) ? (value as readonly Json[]) : [];
  const add = (): void => onChange([...path, items.length], initialItem(field.item));
  return (
    <Boxed
      {...props}
      onRemove={!isRequired && value !== undefined ? () => onChange(path, undefined) : undefined}
    >
      {items.map((item, index) => (
        <div class="item" key={index}>
          <props.draw
            {...props}
            field={{ ...field.item, title: `${field.item.title || "Item"} ${index + 1}` }}
            isRequired
            path={[...path, index]}
            value={item}
          />
          <Button
            label={`Remove item ${index + 1}`}
            icon="trash"
            isIconOnly
            onClick={() => onChange([...path, index], undefined)}
          />
        </div>
      ))}
      <Button label="Add item" icon="plus" onClick={add} />
    </Boxed>
  );
}

export function MapInput(props: InputProps<MapField>): VNode {
  const { field, path, value, onChange } = props;
  const entries = isObject(value) ? Object.entries(value) : [];
  const isTaken = (wanted: string): boolean => entries.some(([name]) => name === wanted);
  const rename = (from: string, to: string): void => {
    const next = isTaken(to) ? from : to;
    onChange(
      path,
      Object.fromEntries(entries.map(([name, item]) => [name === from ? next : name, item])),
    );
  };
  const free = (): string => {
    let name = "key";
    for (let count = 2; isTaken(name); count++) name = `key${count}`;
    return name;
  };
  return (
    <Boxed {...props} onRemove={undefined}>
      {entries.map(([name, item], index) => (
        <div class="item" key={index}>
          <input
            aria-label={`Name of entry ${index + 1}`}
            value={name}
            onChange={(event) => rename(name, event.currentTarget.value)}
          />
          <props.draw
            {...props}
            field={field.item}
            isRequired
            path={[...path, name]}
            value={item}
          />
          <Button
            label={`Remove ${name}`}
            icon="trash"
            isIconOnly
            onClick={() => onChange([...path, name], undefined)}
          />
        </div>
      ))}
      <Button
        label="Add entry"
        icon="plus"
        onClick={() => onChange([...path, free()], initialItem(field.item))}
      />
    </Boxed>
  );
}

export function UnionInput(props: InputProps<UnionField>): VNode {
  const { field, path, value, isRequired, onChange } = props;
  const id = useId();
  const isAbsent = value === undefined || value === null;
  // A value may fit several: which of them it is meant for, only the reader knows.
  const picked = useSignal(-1);
  const chosen = isAbsent ? -1 : variantOf(field.variants, value, picked.value);
  const variant = field.variants[chosen];
  const choose = (index: number): void => {
    const next = field.variants[index];
    picked.value = index;
    onChange(path, next && initialItem(next));
  };
  return (
    <Boxed {...props} onRemove={undefined}>
      <div class="field">
        <label for={id}>Kind</label>
        <PlaceSelect
          aria={{ id }}
          titles={field.variants.map(({ title }) => title)}
          isRequired={isRequired}
          chosen={chosen}
          onChoose={choose}
        />
      </div>
      {variant && <props.draw {...props} field={variant} isRequired />}
    </Boxed>
  );
}

// ---

/** What something begins as that has to be there, even if a reader is yet to say what it is. */
function initialItem(field: Field): Json {
  return initialValue(field, true) ?? (field.kind === "number" ? 0 : "");
}

function Boxed(
  props: InputProps & { readonly onRemove: (() => void) | undefined; readonly children: unknown },
): VNode {
  const { field, path, errors, onRemove, children } = props;
  const error = errorAt(errors, path);
  return (
    <fieldset class="field-box">
      <legend>
        <Title {...props} />
      </legend>
      {field.description && <p class="hint">{field.description}</p>}
      {children as VNode}
      {error && <p class="error">{error}</p>}
      {onRemove && <Button label={`Leave out ${field.title}`} icon="minus" onClick={onRemove} />}
    </fieldset>
  );
}

function Absent({ field, onAdd }: InputProps & { readonly onAdd: () => void }): VNode {
  return (
    <div class="field">
      <Button label={`Add ${field.title}`} icon="plus" onClick={onAdd} />
      {field.description && <p class="hint">{field.description}</p>}
    </div>
  );
}
