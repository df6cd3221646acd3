import type { Problem } from '@tidings/protocol'
import type { Costs, Purpose } from '../observe/index.js'
import type { Answer, Exchange, Headers, StreamSink, WebSocketConnection } from '../transports/index.js'
import { securityHeaders } from './answer-headers.js'
import { announcedBytes, hasUnknownTransferCoding, readBody } from './body.js'
import type { BodyBudget } from './body-budget.js'
import type { Carrier } from './carriers/index.js'
import { asProblem, problemAnswer } from './problem-answer.js'

export interface ExchangeOptions {
  readonly carrier: Carrier
  readonly costs: Costs
  readonly purpose: Purpose
  readonly corsHeaders: Headers
  readonly bodies: BodyBudget
  /** The client sends its body only when told to go on. @see RFC 9110 §10.1.1 */
  readonly expectsContinue: boolean
  /** The answer is the last one on its connection. */
  readonly isStopping: () => boolean
  /** Absent when the client asked for no upgrade, or for one that we do not know. */
  readonly upgrade?: (subprotocol: string | undefined) => Promise<WebSocketConnection>
  readonly onMistake: (error: unknown) => void
}

/** An exchange on Node's HTTP servers, with its costs counted. */
export class NodeExchange implements Exchange {
  readonly #options: ExchangeOptions
  readonly #goneCallbacks: (() => void)[] = []
  #isHeldBack: boolean
  #bodyBytes = 0
  #isGone = false

  constructor(options: ExchangeOptions) {
    this.#options = options
    this.#isHeldBack = options.expectsContinue
    options.carrier.onClose(() => this.#gone())
  }

  /**
   * The whole body, which a client that waits for a word is told to send.
   *
   * @throws Problem `message-too-large`, `server-busy`; ConnectionGone
   */
  async readBody(maxBytes: number): Promise<Buffer> {
    const { carrier } = this.#options
    if (this.#isHeldBack && announcedBytes(carrier.request) <= maxBytes) {
      this.#isHeldBack = false
      carrier.writeContinue()
    }
    const body = await readBody(carrier.request, maxBytes, (bytes) => {
      const hasRoom = this.#options.bodies.take(bytes)
      if (hasRoom) this.#bodyBytes += bytes
      return hasRoom
    })
    carrier.hasRead(body.byteLength)
    return body
  }

  /** Nothing of the body is in use any more. */
  letGoOfBody(): void {
    this.#options.bodies.release(this.#bodyBytes)
    this.#bodyBytes = 0
  }

  respond({ status, headers, body, payloadBytes }: Answer): void {
    const { carrier, costs, purpose, corsHeaders, isStopping } = this.#options
    if (carrier.hasAnswer || carrier.isGone) return
    const hasBody = status !== 204 && status !== 304 && carrier.request.method !== 'HEAD'
    const head = {
      // An empty answer carries only what a rule demands of it.
      ...(status !== 304 && securityHeaders),
      ...corsHeaders,
      ...headers,
      ...(hasBody && { 'content-length': String(body?.byteLength ?? 0) }),
    }
    const isRestUncertain = this.#isHeldBack || hasUnknownTransferCoding(carrier.request)
    const connection = { isLast: isStopping(), isRestUncertain }
    carrier.answer(status, head, hasBody ? body : undefined, connection)
    costs.payload(purpose, payloadBytes)
    if (payloadBytes === 0 && isReading(purpose) && status < 400) costs.emptyAnswer(purpose)
  }

  stream(status: number, headers: Headers): StreamSink {
    const { carrier, corsHeaders } = this.#options
    return carrier.stream(status, { ...securityHeaders, ...corsHeaders, ...headers })
  }

  async upgrade({ subprotocol }: { subprotocol: string | undefined }): Promise<WebSocketConnection> {
    const { upgrade } = this.#options
    if (!upgrade) throw new Error('Nobody asked for an upgrade')
    const connection = await upgrade(subprotocol)
    connection.onGone(() => this.#gone())
    return connection
  }

  fail(error: unknown): void {
    const { carrier, onMistake } = this.#options
    if (!carrier.hasAnswer) this.respond(problemAnswer(error, onMistake))
    else {
      onMistake(error)
      carrier.cut()
    }
  }

  problemOf(error: unknown): Problem {
    return asProblem(error, this.#options.onMistake)
  }

  onGone(callback: () => void): void {
    if (this.#isGone || this.#options.carrier.isGone) callback()
    else this.#goneCallbacks.push(callback)
  }

  countPayload(bytes: number): void {
    this.#options.costs.payload(this.#options.purpose, bytes)
  }

  #gone(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#options.costs.requestEnded(this.#options.carrier.wire)
    for (const callback of this.#goneCallbacks.splice(0)) callback()
  }
}

function isReading(purpose: Purpose): boolean {
  return purpose === 'short-poll' || purpose === 'long-poll' || purpose === 'sse'
}
