#!/usr/bin/env bun
/**
 * The command `workflows-server FILE`: serves what the file offers, until it is told to stop.
 *
 * Exit codes: 0 after a stop that was asked for, 1 when it could not start; 130 (SIGINT) or 143
 * (SIGTERM) when a second signal cuts the stop short; 75 when a step has kept the thread to itself
 * for too long.
 */
import { isColored } from "./color.ts";
import { complain } from "./complaint.ts";
import { loadServer } from "./load.ts";
import { createLog } from "./log.ts";
import { parseCommand, type ServeCommand, usage, version } from "./options.ts";
import { printStart } from "./print.ts";
import { createStop } from "./stop.ts";

/** A file may fetch a key or open a database first; much longer, and it may wait for ever. */
const slowLoadMs = 5000;

try {
  const command = parseCommand(process.argv.slice(2));
  if (command.kind === "help") console.info(await usage(isColored(process.stdout)));
  else if (command.kind === "version") console.info(version);
  else await serve(command);
} catch (error) {
  // What the file left to itself and failed is told first: it may be the reason.
  await new Promise(setImmediate);
  complain(error);
  process.exit(1);
}

// ---

async function serve({ file, address, isVerbose }: ServeCommand): Promise<void> {
  const log = createLog(process.stderr, { isVerbose });
  const stop = createStop(log);
  const slow = setTimeout(
    () => log("warn", `\`${file}\` is still loading: it awaits something at its top level.`),
    slowLoadMs,
  );
  try {
    const server = await loadServer(file, stop.add).finally(() => clearTimeout(slow));
    const serving = await server.serve({ ...address, log });
    stop.serves(serving);
    printStart(serving, address);
  } catch (error) {
    if (!stop.isUnderWay()) throw error;
  }
}
