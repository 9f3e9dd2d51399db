/**
 * How the command ends, and what must not end it. The first signal stops in order: streams end, and
 * runs are left where they are, to go on at the next start. A second one ends the process at once.
 */
import { constants } from "node:os";

import type { Log, Serving } from "../src/index.ts";
import type { AuthorServer } from "./load.ts";

/** Longer than a server takes to stop, however slow its readers are. */
const stopMsMax = 15_000;

/** One key may be several signals: whoever started us gets it too, and passes it on. */
const echoMs = 500;

export interface Stop {
  /** Takes care of a server from its making on. */
  readonly add: (server: AuthorServer) => void;
  /** Whether it has been asked for: what fails from then on, fails because of it. */
  readonly isUnderWay: () => boolean;
  /** It serves: what there is to lose is known. */
  readonly serves: (serving: Serving) => void;
}

export function createStop(log: Log): Stop {
  const servers = new Set<AuthorServer>();
  let farewell = "Stopping.";
  let stoppingSince: number | null = null;

  const onSignal = (signal: "SIGINT" | "SIGTERM"): void => {
    if (stoppingSince !== null) {
      if (performance.now() - stoppingSince < echoMs) return;
      process.exit(128 + constants.signals[signal]);
    }
    stoppingSince = performance.now();
    process.stderr.write(`${farewell}\n`);
    void stop(servers, log);
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);

  // One step that forgets to await something must not take all other runs down with it.
  process.on("unhandledRejection", (error) =>
    log("error", "A promise was rejected, and nothing handled it.", { error }),
  );
  process.on("uncaughtException", (error) =>
    log("error", "An error was thrown, and nothing caught it.", { error }),
  );

  return {
    add: (server) => servers.add(server),
    isUnderWay: () => stoppingSince !== null,
    serves: ({ store }) => {
      farewell =
        store.durability === "none"
          ? "Stopping. Unfinished runs are lost: the store is in memory."
          : "Stopping. Unfinished runs go on at the next start.";
    },
  };
}

// ---

async function stop(servers: ReadonlySet<AuthorServer>, log: Log): Promise<void> {
  const late = setTimeout(() => {
    log("error", `The server did not stop within ${stopMsMax / 1000} s.`);
    process.exit(1);
  }, stopMsMax);
  const closed = await Promise.allSettled([...servers].map((server) => server.close()));
  clearTimeout(late);
  const failures = closed.flatMap((result) =>
    result.status === "rejected" ? [result.reason] : [],
  );
  for (const error of failures) log("error", "The server did not stop cleanly.", { error });
  process.exit(failures.length > 0 ? 1 : 0);
}
