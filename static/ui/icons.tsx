/** Small drawings, in the colour of their text. Beside each stands the word for it. */
import type { VNode } from "preact";

const paths = {
  running: "M8 2a6 6 0 1 1-6 6",
  completed: "M3 8.5 6.5 12 13 4.5",
  failed: "M4 4l8 8M12 4l-8 8",
  cancelled: "M3.5 8h9",
  waiting: "M5 3v10M11 3v10",
  queued: "M3 5h10M3 8h10M3 11h10",
  delayed: "M8 4v4.5l3 2M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0",
  play: "M5 3l8 5-8 5z",
  send: "M2 8l12-5-4 11-2.5-4.5z",
  again: "M13 8a5 5 0 1 1-1.5-3.5M13 2v3h-3",
  stop: "M4 4h8v8H4z",
  trash: "M3 5h10M6.5 5V3h3v2M4.5 5l.5 8h6l.5-8",
  fork: "M5 3v10M5 8c5 0 6-1 6-5M3.5 13h3M9.5 3h3",
  copy: "M6 6h7v7H6zM10 6V3H3v7h3",
  download: "M8 2v8M4.5 7 8 10.5 11.5 7M3 13.5h10",
  compare: "M5 3v10M11 3v10M5 6H2M14 10h-3",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10M11 11l3 3",
  close: "M4 4l8 8M12 4l-8 8",
  fit: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4",
  downward: "M8 2v12M4 10l4 4 4-4",
  wrap: "M2 4h10a2.500 2.500 0 0 1 0 5H5M7.500 6.500 5 9l2.500 2.500M2 13.500h5",
  upload: "M8 10.500V2M4.500 5.500 8 2l3.500 3.500M3 13.500h10",
  code: "M5.500 4.500 2 8l3.500 3.500M10.500 4.500 14 8l-3.500 3.500",
  more: "M3 8h.01M8 8h.01M13 8h.01",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  question: "M5.5 6a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .7-1 1.5M8 12.6v.2",
  edit: "M3 13l.7-3L11 2.8 13.2 5 6 12.3z",
  command: "M4 5l3 3-3 3M8 11h4",
  sun: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5",
  contrast: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2M8 2v12",
  down: "M4 6l4 4 4-4",
  link: "M7 9l2-2M6.5 6 8 4.5a2.5 2.5 0 0 1 3.5 3.5L10 9.5M9.5 10 8 11.5A2.5 2.5 0 0 1 4.500 8L6 6.500",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { readonly name: IconName }): VNode {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
