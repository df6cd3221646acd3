import type { OffsetRequest, Way } from '@tidings/protocol'
import type { Exchange } from '../exchange.js'
import type { Station } from '../transport.js'

/** One of several channels that are asked for on one response. */
export interface AskedStream {
  readonly name: string
  /** Undefined for one that has ended, of which this reader was told all. */
  readonly start: OffsetRequest | undefined
}

/** What a reader of several channels asked for, checked as far as its words go. */
export interface StreamsReading {
  /** At least one, each name once. */
  readonly streams: readonly AskedStream[]
  /** An offset per message in each `data` envelope, for programs that store where they are after each. */
  readonly withOffsets: boolean
  /** How long a poll is held, milliseconds. */
  readonly holdMs: number
}

/** One way to hear several channels on one response: siblings of one shape that do not know each other. */
export interface StreamsTransport {
  readonly way: Way
  /** Answers the exchange now or later. Trouble of one channel is told in its envelope, any other is thrown. */
  open(station: Station, exchange: Exchange, reading: StreamsReading): Promise<void>
}
