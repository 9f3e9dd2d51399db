/** For programs that use a server: `import { … } from "workflows-server/client"`. */
export { createClient } from "./client/client.ts";
export type {
  Client,
  EventInput,
  EventsOptions,
  ForkRequest,
  HandlersPage,
  RunEvent,
  SequencedEvent,
  StartOptions,
} from "./client/client.ts";
export { ClientError } from "./client/error.ts";
export type { ClientOptions } from "./client/request.ts";
