/** Any field of a form, by its kind. */
import type { VNode } from "preact";

import type { InputProps } from "./field-parts.tsx";
import { GroupInput, ListInput, MapInput, UnionInput } from "./fields-nested.tsx";
import { ChoiceInput, FlagInput, JsonInput, NumberInput, TextInput } from "./fields-plain.tsx";

export function FieldInput(props: InputProps): VNode {
  const { field } = props;
  switch (field.kind) {
    case "text":
      return <TextInput {...props} field={field} />;
    case "number":
      return <NumberInput {...props} field={field} />;
    case "flag":
      return <FlagInput {...props} />;
    case "choice":
      return <ChoiceInput {...props} field={field} />;
    case "list":
      return <ListInput {...props} field={field} />;
    case "group":
      return <GroupInput {...props} field={field} />;
    case "map":
      return <MapInput {...props} field={field} />;
    case "union":
      return <UnionInput {...props} field={field} />;
    case "any":
      return <JsonInput {...props} />;
  }
}
