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

/** Characters of a page, unless it is a single event: a reader that stalls holds one. */
export const feedPageCharsMax: number = 64 * 1024;

/** Characters of a commit's ticks, and of its events, that share a row of the database. */
export const entryCharsMax: number = feedPageCharsMax;

/** Newest events of a live run kept ready for its readers, so that one encoding serves them all. */
export const feedTailLength: number = 1024;

/** Characters of these: with long events, the number alone would bound nothing. */
export const feedTailCharsMax: number = 4 * 1024 * 1024;

/** SSE comment interval: under the 30 s after which common proxies drop a silent connection. */
export const heartbeatMs: number = 25_000;

/**
 * How long a reader may take nothing of what it is sent before it is cut off. The system holds some
 * 100 kB to 4 MB for it, and tells us when a third of that is free again: at 20 kB/s, in time.
 */
export const streamStallMs: number = 60_000;

/** Streams at a time. Each costs some 10 kB while it is quiet, and its place among open files. */
export const streamsMax: number = 10_000;

/** Files that streams leave to everything else, where a process may open only few. */
export const filesReserved: number = 128;

/** How long a graceful stop waits for streams and commits to end. */
export const shutdownMs: number = 5_000;

/** The longest time limit, some 3,000 years: an instant that far away is still an exact number. */
export const durationMsMax: number = 1e14;

/** A timer of the platform overflows above this and fires at once; longer waits are split. */
export const timerMsMax: number = 2_147_483_647;

/** How long a run that only waits stays in memory; the peer's minute. */
export const idleMsDefault: number = 60_000;

/** How long after a failure of the store a run is taken up again; it doubles with each failure. */
export const parkedRunRetryMs: number = 250;
export const parkedRunRetryMsMax: number = 30_000;

/** How often it is tried whether a store that was cut off is back. */
export const storeProbeMs: number = 1_000;

/** Ticks after which a run's state is stored whole: what a restart has to replay at most. */
export const snapshotTicks: number = 1_000;

/**
 * Ticks for each part of a large state, after which it is stored whole. With 1 and not a quarter, a
 * fan-out of 16,000 took a tenth less time, and a restart in it four times as long.
 */
export const snapshotTicksPerPart: number = 0.25;

/** Ends of the process by a step of a run after which that run has failed. */
export const crashesMax: number = 3;

/** How often the thread shows that it is free: twice a second is no load. */
export const watchPulseMs: number = 500;

/** How long a step may keep the thread to itself before that is said. */
export const blockedWarnMs: number = 4_000;

/** How long before the process ends. Nobody is served meanwhile: no sound step takes that long. */
export const blockedMsDefault: number = 300_000;

/** Times that the process was killed with a run under way after which that is held back. */
export const killsMax: number = 3;

/** From this number on, `kills` counts those at which the run was the last one to be taken up. */
export const killsAlone: number = 1_000;

/**
 * Slices into which equal suspects are divided: of 500, a single one is left after some six kills.
 * With four it took no fewer, and those who are not to blame waited a third longer.
 */
export const killSlices: number = 3;

/**
 * For so long the first suspects are held back, and then each slice of them is tried before the
 * next: short, so that whoever kills a server at will stops its runs for a second at most. Both
 * grow with each further kill, until a run that takes its time to kill is told from the others.
 */
export const killSliceMs: number = 200;

/** How long several suspects are held back at most. */
export const killHoldMs: number = 2_000;

/** And how long one that was taken up alone when the process was killed. */
export const killHoldAloneMs: number = 128_000;

/** How long a run that was held back is under way before it is none that kills the process. */
export const killTrialMs: number = 60_000;

/** Resting runs woken at a time, so that a herd of timers does not stop everything else. */
export const wakesMax: number = 500;

/** How often runs that need not be kept are looked for: it depends on how long and how many. */
export const pruneIntervalMsMin: number = 1_000;
export const pruneIntervalMsMax: number = 60_000;

/** Runs whose place in the file a store remembers: some 3 MB. Others are read again, in 15 µs. */
export const positionsMax: number = 16_384;

/**
 * Handlers pruned in one transaction. With 200 rows each that takes some 50 ms, in which nothing
 * else is written.
 */
export const pruneHandlersMax: number = 200;

/** Pages of the file given back in one transaction: 2 MB, in some 2 ms. */
export const shrinkPages: number = 500;

/** Handlers in one page of a list; more are asked for with a cursor. */
export const pageLengthMax: number = 1_000;

/** Handlers that a page is shown at first; it asks for older ones by page. */
export const debugHandlersLength: number = 200;
