import type { Way } from '@tidings/protocol'
import type { CakeShop } from './cake-shop.js'
import type { Pace } from './pace.js'
import type { Transcript } from './transcript.js'

/** What a customer has at hand. */
export interface Seat {
  /** As in `http://127.0.0.1:4437`. */
  readonly server: string
  readonly shop: CakeShop
  readonly pace: Pace
  readonly transcript: Transcript
}

/** The same talk in one of the ways: the siblings beside this file. */
export interface Conversation {
  readonly title: string
  /** For the table. */
  readonly row: string
  /** Who asks, who waits, who closes. */
  readonly explanation: (pace: Pace) => string
  readonly way: Way
  hold(seat: Seat): Promise<void>
}
