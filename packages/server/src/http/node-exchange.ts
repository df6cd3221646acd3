import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Problem } from '@tidings/protocol'
import type { Costs, Purpose } from '../observe/index.js'
import {
  type Answer,
  type Exchange,
  type Headers,
  ResponseSink,
  type StreamSink,
  type WebSocketConnection,
} from '../transports/index.js'
import { securityHeaders } from './answer-headers.js'
import { announcedBytes, letRestPass, readBody } from './body.js'
import { asProblem, problemAnswer } from './problem-answer.js'

export interface ExchangeOptions {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly costs: Costs
  readonly purpose: Purpose
  readonly corsHeaders: Headers
  /** The client sends its body only when told to go on. @see RFC 9110 §10.1.1 */
  readonly expectsContinue: boolean
  /** The answer is the last one on its connection. */
  readonly isStopping: () => boolean
  /** Absent when the client asked for no upgrade, or for one that we do not know. */
  readonly upgrade?: (subprotocol: string | undefined) => Promise<WebSocketConnection>
  readonly onMistake: (error: unknown) => void
}

/** An exchange on Node's HTTP server, with its costs counted. */
export class NodeExchange implements Exchange {
  readonly #options: ExchangeOptions
  readonly #socket: Socket
  readonly #goneCallbacks: (() => void)[] = []
  #isHeldBack: boolean
  #isGone = false

  constructor(options: ExchangeOptions) {
    this.#options = options
    this.#socket = options.request.socket
    this.#isHeldBack = options.expectsContinue
    options.costs.requestBegan(this.#socket, options.purpose)
    options.response.once('close', () => this.#gone())
    // An answer that waits behind another's, on a connection that is cut, is told by its request only.
    options.request.once('close', () => {
      if (this.#socket.destroyed) this.#gone()
    })
  }

  /**
   * The whole body, which a client that waits for a word is told to send.
   *
   * @throws Problem `message-too-large`; ConnectionGone
   */
  readBody(maxBytes: number): Promise<Buffer> {
    const { request, response } = this.#options
    if (this.#isHeldBack && announcedBytes(request) <= maxBytes) {
      this.#isHeldBack = false
      response.writeContinue()
    }
    return readBody(request, maxBytes)
  }

  respond({ status, headers, body, payloadBytes }: Answer): void {
    const { response, request, costs, purpose, corsHeaders } = this.#options
    if (response.headersSent || response.destroyed) return
    const hasBody = status !== 204 && status !== 304
    if (this.#options.isStopping()) response.shouldKeepAlive = false
    if (this.#isHeldBack) this.#endAfterAnswer()
    response.writeHead(status, {
      // An empty answer carries only what a rule demands of it.
      ...(status !== 304 && securityHeaders),
      ...corsHeaders,
      ...headers,
      ...(headers.connection && !response.shouldKeepAlive && { connection: `${headers.connection}, close` }),
      ...(hasBody && request.method !== 'HEAD' && { 'content-length': body?.byteLength ?? 0 }),
    })
    response.end(hasBody && request.method !== 'HEAD' ? body : undefined)
    costs.payload(purpose, payloadBytes)
    if (payloadBytes === 0 && isReading(purpose) && status < 400) costs.emptyAnswer(purpose)
    if (!request.complete) letRestPass(request)
  }

  stream(status: number, headers: Headers): StreamSink {
    const { response, corsHeaders } = this.#options
    response.writeHead(status, { ...securityHeaders, ...corsHeaders, ...headers })
    // The head goes out now: an EventSource opens with it, not with the first event.
    response.flushHeaders()
    return new ResponseSink(response)
  }

  async upgrade({ subprotocol }: { subprotocol: string | undefined }): Promise<WebSocketConnection> {
    const { upgrade, response } = this.#options
    if (!upgrade) throw new Error('Nobody asked for an upgrade')
    response.removeAllListeners('close')
    response.detachSocket(this.#socket)
    const connection = await upgrade(subprotocol)
    connection.onGone(() => this.#gone())
    return connection
  }

  fail(error: unknown): void {
    const { response, onMistake } = this.#options
    if (!response.headersSent) this.respond(problemAnswer(error, onMistake))
    else {
      // A body has begun: all that is left to say is that it is not whole.
      onMistake(error)
      this.#socket.destroy()
    }
  }

  problemOf(error: unknown): Problem {
    return asProblem(error, this.#options.onMistake)
  }

  onGone(callback: () => void): void {
    if (this.#isGone || this.#socket.destroyed) callback()
    else this.#goneCallbacks.push(callback)
  }

  countPayload(bytes: number): void {
    this.#options.costs.payload(this.#options.purpose, bytes)
  }

  /**
   * The body was not asked for: the client may send it or not, so nobody could tell where its next request
   * begins. Node would cut the connection with the answer, and a body that is on its way would reset it.
   */
  #endAfterAnswer(): void {
    const { response } = this.#options
    const socket = this.#socket
    response.shouldKeepAlive = false
    socket.destroySoon = () => socket.end()
  }

  #gone(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#options.costs.requestEnded(this.#socket)
    for (const callback of this.#goneCallbacks.splice(0)) callback()
  }
}

function isReading(purpose: Purpose): boolean {
  return purpose === 'short-poll' || purpose === 'long-poll' || purpose === 'sse'
}
