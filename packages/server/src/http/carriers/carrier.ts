import type { Socket } from 'node:net'
import type { Headers, StreamSink } from '../../transports/index.js'
import type { ReadBounds } from '../bounded-body.js'
import type { HttpRequest } from '../http-request.js'

/** Who wants to know when nothing more is written. */
export interface EndListener {
  ended(): void
}

/** What carries one request and its answer: a turn on a connection of HTTP/1, or a stream of HTTP/2. */
export interface Carrier {
  readonly request: HttpRequest
  /** The connection's own socket, which counts what the network sees. Shared by all streams of HTTP/2 on it. */
  readonly wire: Socket
  /** The answer's head is written. */
  readonly hasAnswer: boolean
  /** Nothing can be written any more. */
  readonly isGone: boolean
  /** Who is told once, when the answer is through or the client is gone. An object: a closure for each would stay as long. */
  tellOfEnd(listener: EndListener): void
  /** Tells a client that waits for a word to send its body. @see RFC 9110 §10.1.1 */
  writeContinue(): void
  /**
   * The body, when all of it is there.
   *
   * @returns undefined when it is still to come: `readBody` waits for it
   * @throws Problem `message-too-large`, `server-busy`
   */
  takeBody(bounds: ReadBounds): Buffer | undefined
  /** The whole body, once it is there. @throws Problem as `takeBody`; ConnectionGone when the client goes away before its end */
  readBody(bounds: ReadBounds): Promise<Buffer>
  /** An append has its place: what was sent behind it may be looked at. */
  placed(): void
  /**
   * The whole answer. What the client still sends of its request is let pass, within bounds.
   *
   * @param body undefined for none
   */
  answer(status: number, headers: Headers, body: Uint8Array | undefined, connection: ConnectionState): void
  /** The head of an answer that stays open. */
  stream(status: number, headers: Headers): StreamSink
  /** A body has begun, and all that is left to say is that it is not whole. */
  cut(): void
}

/** What becomes of the connection after an answer. Streams of HTTP/2 end by themselves. */
export interface ConnectionState {
  readonly isLast: boolean
  /**
   * Nobody can tell where the client's next request begins: it waited for a word to send its body, and was not
   * told to; or it framed it in a way that others may read otherwise. The connection ends, gently.
   */
  readonly isRestUncertain: boolean
}
