import type { Socket } from 'node:net'
import {
  ChunkedSink,
  ConnectionGone,
  type Headers,
  ResponseSink,
  type StreamSink,
} from '../../transports/index.js'
import { BoundedBody, busy, type ReadBounds, tooLarge } from '../bounded-body.js'
import type { Carrier, ConnectionState, EndListener } from '../carriers/index.js'
import { answerHead } from './answer-head.js'
import type { ChunkedBody } from './chunked-body.js'
import type { RequestHead } from './head.js'

/** What a turn asks of the connection that it is a turn on. */
export interface TurnConnection {
  readonly socket: Socket
  readonly wire: Socket
  readonly isGone: boolean
  /** Every answer is the last one now. */
  readonly isStopping: boolean
  readonly keepAliveSeconds: number
  /** Somebody takes the body of this turn now. */
  wantsBody(): void
  /** Words before the answer. */
  writeBefore(text: string): void
  /** The whole answer of a turn, which goes out when those before it are out. */
  answered(turn: Turn, answer: WholeAnswer): void
  /** A turn whose answer stays open is through. */
  streamEnded(turn: Turn): void
  /** The append of this turn has its place: what was sent behind it may be looked at. */
  placed(): void
  /** Lets go of the socket. */
  handOver(): { readonly socket: Socket; readonly head: Buffer }
}

export interface WholeAnswer {
  readonly head: string
  readonly body: Uint8Array | undefined
  /** The connection ends with it. */
  readonly isLast: boolean
}

interface BodyReader {
  readonly body: BoundedBody
  resolve(body: Buffer): void
  reject(reason: Error): void
}

/** Where an answer is. */
type State = 'none' | 'waits' | 'streams' | 'through'

/** A request on a connection of HTTP/1.0 or HTTP/1.1, and its answer. @see RFC 9112 */
export class Turn implements Carrier {
  readonly request: RequestHead
  /** The request behind it on its connection. */
  next: Turn | undefined
  /** Present while the body is on its way in chunks. */
  chunked: ChunkedBody | undefined
  /** Still to come of a body that said its length, bytes. */
  leftBytes = 0
  /** The whole body, once it is there and nobody has taken it. */
  body: Buffer | undefined
  /** The answer, while others go before it. */
  waiting: WholeAnswer | undefined
  /** An append that has its place among the messages of its channel, or is refused. */
  hasPlace = false
  /** Nothing is to follow its answer. */
  isLast: boolean
  readonly #connection: TurnConnection
  #state: State = 'none'
  #reader: BodyReader | undefined
  #endListener: EndListener | undefined
  #isClosed = false

  constructor(request: RequestHead, connection: TurnConnection) {
    this.request = request
    this.isLast = request.isLast
    this.#connection = connection
  }

  get wire(): Socket {
    return this.#connection.wire
  }

  get hasAnswer(): boolean {
    return this.#state !== 'none'
  }

  get isGone(): boolean {
    return this.#isClosed || this.#connection.isGone
  }

  tellOfEnd(listener: EndListener): void {
    this.#endListener = listener
  }

  /** An append that is admitted lets the one behind it be looked at. */
  placed(): void {
    this.hasPlace = true
    this.#connection.placed()
  }

  writeContinue(): void {
    this.#connection.writeBefore('HTTP/1.1 100 Continue\r\n\r\n')
  }

  takeBody(bounds: ReadBounds): Buffer | undefined {
    const { body } = this
    if (!body) return undefined
    this.body = undefined
    if (body.byteLength > bounds.maxBytes) throw tooLarge(bounds.maxBytes)
    if (body.byteLength > 0 && !bounds.hasRoom(body.byteLength)) throw busy()
    return body
  }

  readBody(bounds: ReadBounds): Promise<Buffer> {
    if (this.isGone) return Promise.reject(new ConnectionGone())
    const { bodyBytes } = this.request
    if (bodyBytes !== 'chunked' && bodyBytes > bounds.maxBytes)
      return Promise.reject(tooLarge(bounds.maxBytes))
    return new Promise((resolve, reject) => {
      const mostBytes = bodyBytes === 'chunked' ? bounds.maxBytes : bodyBytes
      this.#reader = { body: new BoundedBody(bounds, mostBytes), resolve, reject }
      this.#connection.wantsBody()
    })
  }

  /** Whether what comes of the body can be taken: by who reads it, or because nobody will. */
  get takesBody(): boolean {
    return this.#reader !== undefined || this.#state !== 'none'
  }

  /** A part of the body has come. */
  take(part: Buffer): void {
    const refusal = this.#reader?.body.add(part)
    if (refusal) this.#failReader(refusal)
  }

  /** All of the body has come. */
  bodyEnded(): void {
    const reader = this.#reader
    this.#reader = undefined
    reader?.resolve(reader.body.joined)
  }

  answer(
    status: number,
    headers: Headers,
    body: Uint8Array | undefined,
    { isLast: isLastOfAll, isRestUncertain }: ConnectionState,
  ): void {
    const { keepAliveSeconds } = this.#connection
    const isLast = isLastOfAll || isRestUncertain || this.isLast
    this.#state = 'waits'
    const head = answerHead(status, headers, { isLast, keepAliveSeconds })
    this.#connection.answered(this, { head, body, isLast })
  }

  stream(status: number, headers: Headers): StreamSink {
    if (this.isGone) throw new ConnectionGone()
    const { socket, keepAliveSeconds } = this.#connection
    const isChunked = this.request.httpVersion === '1.1'
    this.isLast ||= !isChunked
    const { isLast } = this
    this.#state = 'streams'
    // The head goes out now: an EventSource opens with it, not with the first event.
    this.#connection.writeBefore(answerHead(status, headers, { isLast, isChunked, keepAliveSeconds }))
    // Nobody reads what may still come of the request: it is let pass.
    this.#connection.wantsBody()
    if (isChunked) return new ChunkedSink(socket, this)
    return new ResponseSink(socket, { onEnd: () => this.streamEnded() })
  }

  streamEnded(): void {
    this.#connection.streamEnded(this)
  }

  cut(): void {
    this.#connection.socket.destroy()
  }

  /** The rest of the body does not come: who reads it is told, and the connection answers. */
  fail(): void {
    this.#state = 'waits'
    this.#isClosed = true
    if (this.#reader) this.#failReader(new ConnectionGone())
  }

  /** Nobody hears of the request any more: the socket is somebody else's. */
  handOver(): { readonly socket: Socket; readonly head: Buffer } {
    this.#isClosed = true
    return this.#connection.handOver()
  }

  /** The answer is through, or the client is gone. */
  close(): void {
    this.#state = 'through'
    this.#isClosed = true
    const listener = this.#endListener
    this.#endListener = undefined
    if (this.#reader) this.#failReader(new ConnectionGone())
    listener?.ended()
  }

  #failReader(reason: Error): void {
    const reader = this.#reader
    this.#reader = undefined
    reader?.reject(reason)
  }
}
