import type { ByteString } from '@tidings/protocol'
import type { Stretch } from './stretch.js'
import type { WireUnit } from './wire-unit.js'

/** What reads one part of a direction: a head, a body, an event stream, frames. */
export interface Section {
  /**
   * Takes what is its own, from `from` on, and puts all of that into stretches.
   *
   * @returns where the next section goes on: behind `from`, unless it has ended
   */
  take(bytes: ByteString, from: number, out: Output): number
  /** So many bytes are not told, after all that it took; at least one. @returns how many were its own */
  skip(count: number, out: Output): number
  /** A write begins. What was out of step may be in step again. */
  beginWrite?(bytes: ByteString, out: Output): void
  /** Nothing more will come. */
  end(out: Output): void
  readonly hasEnded: boolean
}

/** Where sections put what they have read. */
export interface Output {
  /** The present stretch; a new one, with the time of what comes now, after `tell`. */
  readonly stretch: Stretch
  /** Whether nothing has come since the last `tell`. */
  readonly isStretchEmpty: boolean
  /** Ends the stretch: it was this. */
  tell(unit: (stretch: Stretch) => WireUnit): void
}
