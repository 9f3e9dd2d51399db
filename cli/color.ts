/** Colour, where somebody looks: on a terminal, unless `NO_COLOR` is set. */
import { styleText } from "node:util";

type Format = Parameters<typeof styleText>[0];

/** Puts text into a style, or leaves it as it is. */
export type Paint = (style: Format, text: string) => string;

export function isColored(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true && !process.env["NO_COLOR"];
}

export function paintFor(stream: { readonly isTTY?: boolean }): Paint {
  const isOn = isColored(stream);
  return (style, text) => (isOn ? styleText(style, text, { validateStream: false }) : text);
}
