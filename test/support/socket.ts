/** A client as plain as can be: bytes in, bytes out. For requests that no HTTP library would send. */
import { connect, type Socket } from "node:net";

export interface Dialogue {
  /** What has come so far, a character per byte. */
  readonly heard: string;
  readonly isClosed: boolean;
  say(bytes: string | Uint8Array): void;
  /** Resolves with all that was heard, when the other side has hung up. */
  readonly closed: Promise<string>;
  hangUp(): void;
  readonly socket: Socket;
}

export function dial(url: URL): Promise<Dialogue> {
  const closed = Promise.withResolvers<string>();
  const state = { heard: "", isClosed: false };
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname);
    socket.on("data", (bytes) => (state.heard += bytes.toString("latin1")));
    socket.on("error", reject); // After the connection is made, what it means is that it closes.
    socket.on("close", () => {
      state.isClosed = true;
      closed.resolve(state.heard);
    });
    socket.on("connect", () =>
      resolve({
        get heard() {
          return state.heard;
        },
        get isClosed() {
          return state.isClosed;
        },
        say: (bytes) => void socket.write(bytes),
        closed: closed.promise,
        hangUp: () => void socket.destroy(),
        socket,
      }),
    );
  });
}
