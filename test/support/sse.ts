/** Reading streams as clients do: frames of server-sent events, one after the other. */

export interface Frame {
  readonly id: string;
  readonly data: string;
  /** All of its bytes, as text. */
  readonly text: string;
}

/** The frames of a body with an id, as they come. Ends with the body. */
export async function* readFrames(response: Response): AsyncGenerator<Frame, void, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of response.body ?? []) {
    rest += decoder.decode(chunk, { stream: true });
    const blocks = rest.split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const frame = toFrame(`${block}\n\n`);
      if (frame) yield frame;
    }
  }
  if (rest !== "") throw new Error(`The stream broke off within a frame: ${rest.slice(0, 200)}`);
}

export async function readAllFrames(response: Response): Promise<readonly Frame[]> {
  return Array.fromAsync(readFrames(response));
}

/** Frames until `isLast` says so; lets go of the stream then. */
export async function readFramesUntil(
  response: Response,
  isLast: (frame: Frame) => boolean,
): Promise<readonly Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of readFrames(response)) {
    frames.push(frame);
    if (isLast(frame)) break;
  }
  return frames;
}

// ---

/** Undefined for a comment. Anything else than one `id` and one `data` line is refused. */
function toFrame(text: string): Frame | undefined {
  if (/^:[^\n]*\n\n$/.test(text)) return undefined;
  const match = /^id: ([^\n]*)\ndata: ([^\n]*)\n\n$/.exec(text);
  if (!match) throw new Error(`Not a frame of ours: ${JSON.stringify(text.slice(0, 200))}`);
  return { id: match[1] ?? "", data: match[2] ?? "", text };
}
