/**
 * Server-sent events out of text that comes in pieces. The parser keeps what is not a whole line
 * yet; a frame is given out when its blank line has come, as the standard has it.
 */
export interface SseFrame {
  readonly id: string | undefined;
  readonly data: string;
}

export interface SseParser {
  /** The frames that this piece has completed. */
  push(text: string): readonly SseFrame[];
}

export function createSseParser(): SseParser {
  let rest = "";
  let id: string | undefined;
  let data: string[] = [];
  return {
    push(text) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      const frames: SseFrame[] = [];
      for (const raw of lines) {
        const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
        if (line === "") {
          if (data.length > 0) frames.push({ id, data: data.join("\n") });
          data = [];
          id = undefined;
          continue;
        }
        const colon = line.indexOf(":");
        const field = colon < 0 ? line : line.slice(0, colon);
        const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
        if (field === "data") data.push(value);
        else if (field === "id") id = value;
      }
      return frames;
    },
  };
}
