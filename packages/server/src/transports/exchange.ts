import type { Problem } from '@tidings/protocol'
import type { Sink } from '../hub/index.js'
import type { WebSocketConnection } from './websocket-connection.js'

export type Headers = Readonly<Record<string, string>>

/** A body that may be given coded (`Content-Encoding`), to who asks for that. */
export interface CodableBody {
  /** Bodies of one name are the same bytes, so that one is coded once for many. */
  readonly name: string
  readonly contentType: string
}

/** A whole answer. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body?: Uint8Array
  /** The body, or for a status without one what a GET would get, may be coded. An `etag` is that of it as it is. */
  readonly codable?: CodableBody | undefined
  /** The messages' own bytes in `body`; none makes it an empty answer. */
  readonly payloadBytes: number
}

/** A response that stays open and is written to. */
export interface StreamSink extends Sink {
  /** Writes what is left, then ends the response. */
  end(): void
}

/**
 * What a conversation goes on asking of the server when the request that it began with is forgotten: one for all of
 * a way.
 */
export interface Account {
  /** Counts the messages' own bytes of what goes out. */
  countPayload(bytes: number): void
  /** What there is to say of trouble after the answer has begun. A mistake of our own is reported, and told to nobody. */
  problemOf(error: unknown): Problem
}

/** One request and the ways to answer it. The answer is given once, by one of these. */
export interface Exchange extends Account {
  readonly account: Account
  respond(answer: Answer): void
  /**
   * The tag by which the client has the answer already, as it is or coded, when it has.
   *
   * @param tag of the answer as it is
   */
  knownTag(tag: string): string | undefined
  /**
   * To be asked before a request is held, in the same turn: while it was looked at the server may have begun to stop,
   * and have told all whom it holds.
   *
   * @throws Problem `server-stopping`
   */
  checkMayBegin(): void
  /** Begins a response that stays open. @throws Problem `server-stopping` */
  stream(status: number, headers: Headers): StreamSink
  /** Turns the connection into a WebSocket; resolves when the handshake is done. @throws Problem `server-stopping` */
  upgrade(options: { readonly subprotocol: string | undefined }): Promise<WebSocketConnection>
  /** Answers trouble: a problem, or `internal-error` for anything else. */
  fail(error: unknown): void
  /** Called once, when the connection is gone before the answer has ended, or after it has. Of no use after `upgrade`. */
  onGone(callback: () => void): void
}

/** The client went away before it was answered: there is nobody to tell. */
export class ConnectionGone extends Error {
  override readonly name = 'ConnectionGone'
}
