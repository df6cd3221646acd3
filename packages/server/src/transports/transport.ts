import type { Way } from '@tidings/protocol'
import type { Heartbeat, Hub, MaxAge } from '../hub/index.js'
import type { Channel, Log } from '../log/index.js'
import type { Exchange } from './exchange.js'

/** What the transports stand on. */
export interface Station {
  readonly log: Log
  readonly hub: Hub
  readonly heartbeat: Heartbeat
  /** Ends event streams after a while. */
  readonly maxAge: MaxAge
  readonly settings: TransportSettings
  /** Held polls, by what answers each of them now. */
  readonly holds: Set<() => void>
  /** Open streams and sockets. */
  readonly streams: Set<Leaving>
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** A connection that can be told that the server is stopping. */
export interface Leaving {
  /** Tells the client to come back after `retryAfterMs`, and ends the connection. */
  goAway(retryAfterMs: number): void
}

export interface TransportSettings {
  /** How long a poll is held at most, milliseconds. */
  readonly longPollMs: number
  /** A stream is silent for at most about this long, milliseconds. */
  readonly heartbeatMs: number
  readonly maxMessageBytes: number
  readonly maxBodyBytes: number
  readonly maxNameBytes: number
}

/** What a reader asked for, checked: a channel that is there and a position that it has. */
export interface Reading {
  readonly channel: Channel
  readonly position: number
  /** The reader asked for `now`: it wants nothing that is there. */
  readonly isFromNow: boolean
  /** The reader named no offset but `now`, `last` or `since`: nothing of the answer may be cached. */
  readonly isRelative: boolean
  /** SSE: one unnamed event per message, for a page's `onmessage`. */
  readonly hasPlainEvents: boolean
  /** The position came from `Last-Event-ID`: a browser has come back by itself. */
  readonly isReconnect: boolean
  /** How long a poll is held, milliseconds. */
  readonly holdMs: number
  /** The cache token that the reader echoes. */
  readonly cursor: string | null
  /** Subprotocols that a WebSocket offers. */
  readonly subprotocols: readonly string[]
}

/** One of the four ways to hear a channel: siblings of one shape that do not know each other. */
export interface Transport {
  readonly way: Way
  /** Answers the exchange now or later. Trouble is thrown, or told by `exchange.fail` once this has returned. */
  open(station: Station, exchange: Exchange, reading: Reading): Promise<void>
}
