/** Moving and scaling a drawing under a window: wheel, pointers, and fitting it in. */
import { type Box, legibleScale } from "../model/graph-model.ts";

export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const scaleMin = 0.15;
const scaleMax = 2.5;
/** Labels cannot be read below it: a large graph is rather cut off, and has its map. */
const fitScaleMin = legibleScale;
const fitScaleMax = 1.15;
const margin = 28;
/** Under the drawing lie the tools. */
const foot = 24;

export function fitCamera(box: Box, size: Size): Camera {
  const room = { width: size.width - 2 * margin, height: size.height - 2 * margin - foot };
  const wanted = Math.min(room.width / box.width, room.height / box.height, fitScaleMax);
  const scale = Math.max(wanted, fitScaleMin);
  const isWide = box.width * scale > room.width;
  const isHigh = box.height * scale > room.height;
  return {
    scale,
    // What does not fit begins at its beginning.
    x: isWide ? margin - box.x * scale : size.width / 2 - (box.x + box.width / 2) * scale,
    y:
      isHigh && !isWide
        ? margin - box.y * scale
        : (size.height - foot) / 2 - (box.y + box.height / 2) * scale,
  };
}

/** Scaled about a point of the window, which stays where it is. */
export function zoomAt(camera: Camera, factor: number, x: number, y: number): Camera {
  const scale = Math.min(Math.max(camera.scale * factor, scaleMin), scaleMax);
  const ratio = scale / camera.scale;
  return { scale, x: x - (x - camera.x) * ratio, y: y - (y - camera.y) * ratio };
}

/** Whether all of it is in the window. */
export function isInView(camera: Camera, box: Box, size: Size): boolean {
  const left = camera.x + box.x * camera.scale;
  const top = camera.y + box.y * camera.scale;
  return (
    left >= 0 &&
    top >= 0 &&
    left + box.width * camera.scale <= size.width &&
    top + box.height * camera.scale <= size.height
  );
}

/** Moved as little as it takes to bring a point into the window. */
export function reveal(camera: Camera, x: number, y: number, size: Size): Camera {
  const place = { x: camera.x + x * camera.scale, y: camera.y + y * camera.scale };
  const room = 70;
  const dx = Math.max(room - place.x, 0) - Math.max(place.x - (size.width - room), 0);
  const dy = Math.max(room - place.y, 0) - Math.max(place.y - (size.height - room), 0);
  return { ...camera, x: camera.x + dx, y: camera.y + dy };
}
