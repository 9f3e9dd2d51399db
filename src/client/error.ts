/** What a server answered instead of what was asked for, and what came instead of an answer. */
import type { FieldIssue } from "../protocol/bodies.ts";

/** `status` 0: no answer came at all. Tell errors apart by `code`. */
export class ClientError extends Error {
  override readonly name = "ClientError";
  readonly status: number;
  readonly code: string;
  /** Which fields of what was sent are wrong. */
  readonly issues: readonly FieldIssue[];

  constructor(
    status: number,
    code: string,
    message: string,
    options: { readonly issues?: readonly FieldIssue[]; readonly cause?: unknown } = {},
  ) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.status = status;
    this.code = code;
    this.issues = options.issues ?? [];
  }
}

export async function toClientError(response: Response): Promise<ClientError> {
  const text = await response.text().catch(() => "");
  const body = parse(text);
  const detail = typeof body["detail"] === "string" ? body["detail"] : text.slice(0, 300);
  const code = typeof body["code"] === "string" ? body["code"] : `http_${response.status}`;
  const details = (body["details"] ?? {}) as { readonly issues?: unknown };
  const issues = Array.isArray(details.issues) ? details.issues.filter(isIssue) : [];
  return new ClientError(response.status, code, detail || `HTTP ${response.status}`, { issues });
}

// ---

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {}; // A proxy answers in HTML.
  }
}

function isIssue(value: unknown): value is FieldIssue {
  const issue = value as { path?: unknown; message?: unknown } | null;
  return Array.isArray(issue?.path) && typeof issue.message === "string";
}
