/** Text for operators. The library is silent unless it is given a log; the CLI gives it stderr. */

export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFields = Readonly<Record<string, unknown>>;

/** One line each: a sentence, then the facts that it is about. */
export type Log = (level: LogLevel, message: string, fields?: LogFields) => void;

export const silentLog: Log = () => {};
