import type { ProblemFacts, Way } from '@tidings/protocol'
import type { ProblemError } from '../problem-error.js'
import type { Start } from '../wire/start.js'

/** What a server says over any link, as far as this client reads it. @see docs/protocol.md, envelopes */
export interface Envelope extends ProblemFacts {
  /** `data`, `closed`, `deleted`, `error`, `unsubscribed`, `published`, `welcome`, `goaway`, `pong`, or one that is newer. */
  readonly type: string
  readonly id?: number
  readonly channel?: string
  readonly messages?: readonly unknown[]
  readonly encoding?: string
  readonly offsets?: readonly string[]
  readonly committedAt?: number
  readonly upToDate?: boolean
  readonly duplicate?: boolean
  readonly code?: string
  readonly detail?: string
  readonly heartbeatMs?: number
  readonly retryAfterMs?: number
  /** What stands for an error's code in HTTP. */
  readonly status?: number
  readonly [other: string]: unknown
}

/** Why another way carries: it was proved better, the last one was lost, the program or its policy asked for it. */
export type WayReason = 'first' | 'proved' | 'lost' | 'asked'

/** One channel that a link carries. */
export interface Hearing {
  readonly channel: string
  /** Where to go on: the owner moves it with each envelope that it has taken, before the link asks again. */
  readonly start: Start
  /** Whether each message's own offset is asked for: it can be told from a batch's, when the start is an offset. */
  readonly withOffsets: boolean
}

/**
 * One connection to the server, in one of the four ways, which carries many channels. A link does not ask again
 * after trouble: it says `down`, and its owner opens another, of this way or another, that goes on from each
 * hearing's `start`.
 */
export interface Link {
  readonly way: Way
  /** Why it is this way, where a link stands in for others and knows it. */
  readonly reason?: WayReason | undefined
  hear(hearing: Hearing): void
  /** Nothing of it is told from now on. */
  leave(hearing: Hearing): void
  /** The network may have changed or the machine slept: show a sign of life soon, or go down. */
  probe(): void
  /** Ends it; `down` is not told. */
  close(): void
  /** A WebSocket alone takes envelopes. */
  send?(text: string): void
}

/** Who is told of a link's life. Never called from within `open`. */
export interface LinkOwner {
  /** It works: the server has answered over it. */
  up(link: Link): void
  /** It has stood through a heartbeat: what is between does not cut what is silent. */
  lasting(link: Link): void
  /** It is over. */
  down(link: Link, error: ProblemError): void
  /** @param length characters of it on the wire, or near */
  received(link: Link, envelope: Envelope, length: number): void
  /** Told by what stands in for links, which is open all the while: how the connection behind it fares. */
  fares?(
    link: Link,
    state: 'connecting' | 'steady' | 'climbing' | 'waiting',
    error?: ProblemError,
    retryInMs?: number,
  ): void
}
