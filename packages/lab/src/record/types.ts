import type { Way } from '@tidings/protocol'
import type { Carried } from '../wire/types.js'

export type { ArrowKind, ChunkMark, WirePart } from '../wire/types.js'

/** What the page itself saw of its own requests. `atMs` is by the page's clock, milliseconds since 1970 with fractions. */
export type Observation = {
  readonly lane: Way
  /** The number in the request's lane tag. */
  readonly ask: number
  readonly atMs: number
} & (
  | { /** `fetch` was called, an EventSource or a WebSocket made. */ readonly kind: 'asked' }
  | {
      /** The whole answer of a poll or a POST is here; a stream or a socket has opened. */
      readonly kind: 'answered'
    }
  | { /** One event of a stream, or one message of a socket. */ readonly kind: 'heard' }
  | { /** One message was sent on the socket. */ readonly kind: 'said' }
  | { /** The page gave up, or was cut off. */ readonly kind: 'ended' }
)

/** How the page's clock stands to the server's. */
export interface ClockEstimate {
  /** To be added to a time of the page to have the server's, milliseconds. */
  readonly offsetMs: number
  /** The estimate is wrong by at most so much: half of the quickest round trip, milliseconds. */
  readonly errorMs: number
}

/** All times below are by the server's clock; those that the page saw were converted. */
export interface Lane {
  readonly way: Way
  readonly connections: readonly ConnectionRecord[]
  readonly exchanges: readonly ExchangeRecord[]
  /** In the order in which the server took or sent them. */
  readonly arrows: readonly Arrow[]
  /** Counts from the run's beginning; they stay when old arrows have been let go of. */
  readonly totals: LaneTotals
}

export interface LaneTotals {
  /** Requests to hear, and to speak (POST). */
  readonly requests: number
  /** Answers to reading requests that brought no message. */
  readonly emptyAnswers: number
  /** Connections whose first request was the lane's. */
  readonly connections: number
  readonly bytesUp: number
  readonly bytesDown: number
}

export interface ConnectionRecord {
  readonly id: number
  /** The client's TCP port. */
  readonly port: number
  readonly openedAtMs: number
  closedAtMs: number | undefined
  closedBy: 'client' | 'server' | undefined
}

export interface ExchangeRecord {
  readonly id: number
  readonly ask: number
  readonly connection: number
  readonly isReused: boolean
  /** A POST speaks; all else hears. */
  readonly purpose: 'hear' | 'speak'
  /** The answer's form, once its head is there. */
  form: 'whole' | 'event-stream' | 'websocket' | undefined
  status: number | undefined
  /** When the server had the request: from here to the answer it is held. */
  readonly requestAtMs: number
  answerAtMs: number | undefined
  endedAtMs: number | undefined
}

/** One thing that went from one side to the other. */
export interface Arrow extends Carried {
  /** Unlike any other of the run. */
  readonly id: string
  readonly lane: Way
  readonly exchange: number
  /** By the server's clock, when it left. Guessed from the other end and the estimate where nobody saw it. */
  readonly sentAtMs: number
  /** When it arrived; mutable: the page may tell of it after the server has. */
  receivedAtMs: number
  /** One of the two times is a guess. */
  isGuessed: boolean
  /** An answer without a message, a heartbeat, an empty batch: drawn grey. */
  readonly isEmpty: boolean
  /** Messages that it carries. */
  readonly messages: number
}
