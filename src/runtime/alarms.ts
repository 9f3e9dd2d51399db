/**
 * When to look again at a run that could not be stored or loaded: later each time that it fails.
 *
 * While the store is cut off, by a disk that is full for example, the waits would outlast what cut
 * it off by far. So one small write a second finds out when the store is back, and then all go on.
 */
import { must } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import { parkedRunRetryMs, parkedRunRetryMsMax, storeProbeMs } from "../base/limits.ts";

interface Alarm {
  readonly failures: number;
  /** Whether it goes on as soon as the store is back. */
  readonly isForStore: boolean;
  /** Whether it last rang because of that. If it fails for all that, only its own time counts. */
  readonly wasEarly: boolean;
  readonly cancel: () => void;
}

export interface AlarmsPorts {
  readonly clock: Clock;
  due(runId: string): void;
  /** A small write for one of the runs. */
  isStoreBack(runId: string): Promise<boolean>;
}

export class Alarms {
  readonly #ports: AlarmsPorts;
  readonly #alarms = new Map<string, Alarm>();
  #stopProbe: (() => void) | undefined;

  constructor(ports: AlarmsPorts) {
    this.#ports = ports;
  }

  /** Another failure; returns after how many milliseconds it is looked at again at the latest. */
  set(runId: string, isStoreCutOff: boolean): number {
    const { clock } = this.#ports;
    const { failures = 0, wasEarly = false, cancel } = this.#alarms.get(runId) ?? {};
    cancel?.();
    const delayMs = Math.min(parkedRunRetryMs * 2 ** failures, parkedRunRetryMsMax);
    this.#alarms.set(runId, {
      failures: failures + 1,
      isForStore: isStoreCutOff && !wasEarly,
      wasEarly: false,
      cancel: clock.at(clock.now() + delayMs, () => this.#ring(runId, false)),
    });
    if (isStoreCutOff) this.#probeLater();
    return delayMs;
  }

  /** It goes well again, or is no more. */
  cancel(runId: string): void {
    this.#alarms.get(runId)?.cancel();
    this.#alarms.delete(runId);
  }

  clear(): void {
    this.#stopProbe?.();
    this.#stopProbe = undefined;
    for (const { cancel } of this.#alarms.values()) cancel();
    this.#alarms.clear();
  }

  // ---

  #probeLater(): void {
    const { clock } = this.#ports;
    this.#stopProbe ??= clock.at(clock.now() + storeProbeMs, () => void this.#probe());
  }

  async #probe(): Promise<void> {
    const [runId] = this.#forStore()[0] ?? [];
    const isBack = runId !== undefined && (await this.#ports.isStoreBack(runId));
    if (!this.#stopProbe) return; // Cleared meanwhile.
    this.#stopProbe = undefined;
    if (isBack) this.#goOn();
    else if (runId !== undefined) this.#probeLater();
  }

  #goOn(): void {
    for (const [runId, { cancel }] of this.#forStore()) {
      cancel();
      this.#ring(runId, true);
    }
  }

  #ring(runId: string, wasEarly: boolean): void {
    const alarm = must(this.#alarms.get(runId), "An alarm that was cancelled does not ring.");
    this.#alarms.set(runId, { ...alarm, isForStore: false, wasEarly });
    this.#ports.due(runId);
  }

  #forStore(): [string, Alarm][] {
    return [...this.#alarms].filter(([, alarm]) => alarm.isForStore);
  }
}
