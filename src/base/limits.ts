/**
 * Every bound, with its unit in its name and the reason for its value. An error about a bound says
 * the limit and what came.
 */

/** A request body. An event is a message, not a file; Bun alone would take 128 MiB. */
export const bodyBytesMax: number = 1024 * 1024;

/** Nesting of JSON in a request. Deeper input is an attack on recursive readers, not data. */
export const jsonDepthMax: number = 64;

/** A handler id that a caller picks; it has to fit in a URL and in a log line. */
export const handlerIdLengthMax: number = 128;

/**
 * Names of workflows, steps and event types: long enough for any sentence, short enough to print.
 */
export const nameLengthMax: number = 128;

/** Events held for a wait that has not opened yet. Beyond it the oldest is dropped and reported. */
export const unclaimedEventsMax: number = 100;

/** Workers of a step when its author says nothing; the peer's number. */
export const workersDefault: number = 4;

/** A page of events read from the store for one reader. Bounds the memory that a reader costs. */
export const feedPageLength: number = 256;

/** Newest events of a live run kept ready for its readers, so that one encoding serves them all. */
export const feedTailLength: number = 1024;

/** SSE comment interval: under the 30 s after which common proxies drop a silent connection. */
export const heartbeatMs: number = 25_000;

/** How long a graceful stop waits for streams and commits to end. */
export const shutdownMs: number = 5_000;

/** A timer of the platform overflows above this and fires at once; longer waits are split. */
export const timerMsMax: number = 2_147_483_647;

/** How long a run that only waits stays in memory; the peer's minute. */
export const idleMsDefault: number = 60_000;

/** How long after a failure of the store a run is taken up again. */
export const parkedRunRetryMs: number = 1_000;
