/** Programs that do with the client of the package what a button does here. */
import type { Json, JsonObject } from "../../src/client/bodies.ts";

export interface Program {
  readonly baseUrl: string;
  readonly hasKey: boolean;
}

/** Starts a run, shows its events, and says how it has ended. */
export function toStartProgram(program: Program, workflow: string, input: JsonObject): string {
  return `${head(program)}
const run = await client.start(${literal(workflow)}, ${literal(input)});
for await (const event of client.events(run.handler_id)) ${print}(event.type, event.data);
${print}((await client.getHandler(run.handler_id)).status);
`;
}

export function toSendProgram(
  program: Program,
  handlerId: string,
  { type, value }: { readonly type: string; readonly value: JsonObject },
  step: string | null,
): string {
  const target = step === null ? "" : `, ${literal(step)}`;
  const event = `{ type: ${literal(type)}, data: ${literal(value)} }`;
  return `${head(program)}
await client.send(${literal(handlerId)}, ${event}${target});
`;
}

/** A JSON value as TypeScript has it: keys that are names without quotes. */
export function literal(value: Json, indent: string = ""): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inside = `${indent}  `;
  const isList = Array.isArray(value);
  const parts = Object.entries(value as JsonObject).map(([key, item]) => {
    const text = literal(item, inside);
    return isList ? text : `${keyOf(key)}: ${text}`;
  });
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  if (parts.length === 0) return open + close;
  const line = isList ? `[${parts.join(", ")}]` : `{ ${parts.join(", ")} }`;
  if (line.length <= lineLengthMax && !line.includes("\n")) return line;
  return `${open}\n${parts.map((part) => `${inside}${part},\n`).join("")}${indent}${close}`;
}

// ---

const lineLengthMax = 72;
/** Of those programs; this page prints nothing. */
const print = "console.log";

function head({ baseUrl, hasKey }: Program): string {
  const address = literal(baseUrl.replace(/\/$/, ""));
  const options = hasKey
    ? `{\n  baseUrl: ${address},\n  key: () => process.env["WORKFLOWS_SERVER_API_KEY"],\n}`
    : address;
  return `import { createClient } from "workflows-server/client";

const client = createClient(${options});
`;
}

function keyOf(key: string): string {
  if (key === "__proto__") return `["__proto__"]`; // Else it would be no field.
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
}
