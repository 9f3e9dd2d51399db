/** Work once per frame, however often it is asked for; a hidden page has no frames, but time. */
export interface Frame {
  request(): void;
  cancel(): void;
}

const hiddenMs = 250;

/** `pauseMs`: at least so long from one time to the next. */
export function createFrame(work: () => void, pauseMs = 0): Frame {
  let cancel: (() => void) | undefined;
  let lastAt = -Infinity;
  const run = (): void => {
    cancel = undefined;
    lastAt = performance.now();
    work();
  };
  const later = (ms: number, next: () => void): void => {
    const timer = setTimeout(next, ms);
    cancel = () => clearTimeout(timer);
  };
  const draw = (): void => {
    const frame = requestAnimationFrame(run);
    cancel = () => cancelAnimationFrame(frame);
  };
  return {
    request() {
      if (cancel) return;
      const pause = pauseMs - (performance.now() - lastAt);
      if (document.hidden) later(hiddenMs, run);
      else if (pause > 0) later(pause, draw);
      else draw();
    },
    cancel() {
      cancel?.();
      cancel = undefined;
    },
  };
}
