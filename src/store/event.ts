/** Events as rows: what the runtime hands in, and what readers get. */

export interface NewEvent {
  /** JSON text of the envelope, exactly as readers get it. */
  readonly json: string;
  readonly at: number;
  readonly isInternal: boolean;
  /** The last event of its run. */
  readonly isTerminal: boolean;
}

/** Shared by all its readers, so it may serve as the key of a cache of encodings. */
export interface StoredEvent extends NewEvent {
  readonly sequence: number;
}
