/** Commands that do in a shell what a button does here. */
import type { Json } from "../../src/client/bodies.ts";

export function toCurl(url: string, body: Json | undefined, hasKey: boolean): string {
  const parts = [`curl -X POST ${quote(url)}`];
  if (hasKey) parts.push(`-H "authorization: Bearer $WORKFLOWS_SERVER_API_KEY"`);
  if (body !== undefined) {
    parts.push(`-H 'content-type: application/json'`, `-d ${quote(JSON.stringify(body))}`);
  }
  return parts.join(" \\\n  ");
}

// ---

/** In single quotes a shell reads nothing but the end of them. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
