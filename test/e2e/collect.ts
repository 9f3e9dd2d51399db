/** Streams as the official client reads them. */
import { type Client, getEventsByHandlerId } from "@llamaindex/workflows-client";

export interface Envelope {
  readonly type: string;
  readonly value: Record<string, unknown>;
}

type Subscription = Omit<Parameters<typeof getEventsByHandlerId>[0], "path" | "client">;

/** All events of a stream, as the client hands them out, and the ids that came with them. */
export async function collect(
  client: Client,
  handlerId: string,
  { onSseEvent, ...options }: Subscription = {},
): Promise<{ readonly events: readonly Envelope[]; readonly ids: readonly number[] }> {
  const ids: number[] = [];
  const { stream } = await getEventsByHandlerId({
    client,
    sseDefaultRetryDelay: 5,
    sseMaxRetryAttempts: 5,
    ...options,
    onSseEvent(event) {
      if (event.id !== undefined) ids.push(Number(event.id));
      onSseEvent?.(event);
    },
    path: { handler_id: handlerId },
  });
  const events: Envelope[] = [];
  for await (const event of stream) events.push(event as unknown as Envelope); // Never void here.
  return { events, ids };
}
