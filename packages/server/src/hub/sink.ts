/**
 * A connection that bytes can be written to. Bytes wait from `push` to `flush`, so that a socket gets one
 * write per turn, whatever number of channels it hears.
 *
 * @typeParam Piece what it takes: wire bytes, or what a sink before the connection makes wire bytes of
 */
export interface Sink<Piece = Uint8Array> {
  /** Takes a piece for the next flush. It may be shared with other sinks: nobody changes it. */
  push(piece: Piece): void
  /** Writes what was pushed, in one write. */
  flush(): void
  /**
   * The other end takes bytes more slowly than they come: more than the high-water mark is unsent. Who hears
   * this stops pushing until `drained`; what is unsent stays bounded by the mark and one flush.
   */
  readonly isBackedUp: boolean
  /**
   * The system has not taken all that was written. Who has much to send waits for `taken` after each piece: what is
   * unsent goes out when the other end takes it, of all connections in one turn of the event loop.
   */
  readonly hasUntaken: boolean
  /** Resolves when nothing is untaken, or the sink is gone. */
  taken(): Promise<void>
  /** Resolves when the sink is not backed up, or is gone. */
  drained(): Promise<void>
  /** Nothing can be written any more. */
  readonly isGone: boolean
  /** It is flushed at the end of this turn: kept by who flushes it then. */
  isTouched: boolean
}

/** Unsent bytes at which a sink is backed up: about one batch per millisecond for a quarter of a second. */
export const sinkHighWaterMarkBytes = 1024 * 1024
