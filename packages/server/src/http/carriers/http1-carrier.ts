import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { ChunkedSink, type Headers, ResponseSink, type StreamSink } from '../../transports/index.js'
import { letRestPass } from '../body.js'
import { endGently } from '../end-gently.js'
import type { Carrier, ConnectionState } from './carrier.js'

/** A turn on a connection of HTTP/1.0 or HTTP/1.1. */
export class Http1Carrier implements Carrier {
  readonly request: IncomingMessage
  readonly wire: Socket
  readonly #response: ServerResponse
  readonly #socket: Socket
  readonly #isStopping: () => boolean

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    options: { readonly wire: Socket; readonly isStopping: () => boolean },
  ) {
    this.request = request
    this.wire = options.wire
    this.#isStopping = options.isStopping
    this.#response = response
    this.#socket = request.socket
  }

  get hasAnswer(): boolean {
    return this.#response.headersSent
  }

  get isGone(): boolean {
    return this.#socket.destroyed || this.#response.destroyed
  }

  onClose(callback: () => void): void {
    this.#response.once('close', () => {
      // A stream that began before the stop said that its connection would be kept.
      if (this.#isStopping()) this.#socket.destroySoon()
      callback()
    })
    // An answer that waits behind another's, on a connection that is cut, is told by its request only.
    this.request.once('close', () => {
      if (this.#socket.destroyed) callback()
    })
  }

  writeContinue(): void {
    this.#response.writeContinue()
  }

  /** The socket counts for one request at a time. */
  hasRead(): void {}

  answer(
    status: number,
    headers: Headers,
    body: Uint8Array | undefined,
    { isLast, isRestUncertain }: ConnectionState,
  ): void {
    const response = this.#response
    if (isLast) response.shouldKeepAlive = false
    if (isRestUncertain) this.#endAfterAnswer()
    const { connection } = headers
    const isClosing = connection !== undefined && !response.shouldKeepAlive
    response.writeHead(status, isClosing ? { ...headers, connection: `${connection}, close` } : headers)
    response.end(body)
    if (!this.request.complete) letRestPass(this.request)
  }

  stream(status: number, headers: Headers): StreamSink {
    this.#response.writeHead(status, headers)
    // The head goes out now: an EventSource opens with it, not with the first event.
    this.#response.flushHeaders()
    const isChunked = this.#response.chunkedEncoding
    return isChunked ? new ChunkedSink(this.#response, this.#socket) : new ResponseSink(this.#response)
  }

  cut(): void {
    this.#socket.destroy()
  }

  /**
   * Nobody could tell where the client's next request begins. Node would cut the connection with the answer,
   * and a body that is on its way would reset it.
   */
  #endAfterAnswer(): void {
    const socket = this.#socket
    this.#response.shouldKeepAlive = false
    // What is still to come of this request is let pass by `answer`.
    socket.destroySoon = () => (this.request.complete ? endGently(socket) : socket.end())
  }
}
