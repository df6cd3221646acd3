import type { Socket } from 'node:net'
import type { RequestHead } from './head.js'
import type { Heads } from './heads.js'
import type { Turn } from './turn.js'

/** For how long a connection may be in a state, milliseconds, and what it may still send, bytes. */
export interface Http1Limits {
  /** From the first byte of a head to its last. */
  readonly headMs: number
  /** From a request's head to the end of its body. */
  readonly bodyMs: number
  /** Without a request. */
  readonly keepAliveMs: number
  /** The rest of a body that nobody reads, or whatever comes behind a last answer. */
  readonly passMs: number
  readonly passBytes: number
}

/** What a server asks of its connections. */
export interface WatchedConnection {
  readonly socket: Socket
  /** The socket that the network sees. */
  readonly wire: Socket
  /** Closes it, unless something is being asked or answered on it, which ends it then. */
  endIfIdle(): void
  /** Takes up what waited for its turn of the event loop. */
  goOn(): void
  /** To be asked now and then: ends what has lasted too long. */
  checkTime(): void
}

/** What a connection asks of its server. */
export interface ConnectionHost {
  readonly limits: Http1Limits
  readonly heads: Heads
  /** Milliseconds of a clock that nobody sets, as of the last look at the connections. */
  readonly nowMs: number
  readonly isStopping: boolean
  /** The socket that the network sees. */
  readonly wireOf: (socket: Socket) => Socket
  /** An append of known length: others like it may be looked at before it is kept. */
  readonly isAppend: (head: RequestHead) => boolean
  readonly take: (turn: Turn) => void
  /** Whether this turn of the event loop has time for another request; if not, `goOn` is called in a later one. */
  hasTimeFor(connection: WatchedConnection): boolean
  /** The connection is closed, or somebody else's. */
  forget(connection: WatchedConnection): void
}
