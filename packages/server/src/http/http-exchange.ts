import type { Socket } from 'node:net'
import { invariant, Problem } from '@tidings/protocol'
import type { Costs, Purpose, Trace } from '../observe/index.js'
import {
  type Account,
  type Answer,
  ConnectionGone,
  type Exchange,
  type Headers,
  type StreamSink,
  type WebSocketConnection,
} from '../transports/index.js'
import { securityHeaders } from './answer-headers.js'
import type { Asked } from './asked.js'
import { announcedBytes, hasUnknownTransferCoding } from './body.js'
import type { BodyBudget } from './body-budget.js'
import type { ReadBounds } from './bounded-body.js'
import type { Carrier, EndListener } from './carriers/index.js'
import {
  acceptedRepresentations,
  type Compressor,
  isCodable,
  knownTag,
  leastCodedBytes,
  type Representation,
  tagOf,
} from './coding/index.js'
import { headerText } from './http-request.js'
import { asProblem, problemAnswer } from './problem-answer.js'

/** What all exchanges of a server have in common. */
export interface ExchangeServices {
  readonly costs: Costs
  readonly trace: Trace
  readonly accounts: Readonly<Record<Purpose, Account>>
  /** Absent when answers go out as they are. */
  readonly compressor: Compressor | undefined
  readonly bodies: BodyBudget
  /** The answer is the last one on its connection, and nothing may be kept open any more. */
  readonly isStopping: () => boolean
  readonly onMistake: (error: unknown) => void
}

export interface ExchangeOptions {
  readonly carrier: Carrier
  readonly asked: Asked
  /** The client sends its body only when told to go on. @see RFC 9110 §10.1.1 */
  readonly expectsContinue: boolean
  /** Absent when the client asked for no upgrade, or for one that we do not know. */
  readonly upgrade: ((subprotocol: string | undefined) => WebSocketConnection) | undefined
  /** Lets go of the connection; absent where others share it. */
  readonly turn: OwnTurn | undefined
}

/** Of a connection that has one exchange after another. */
interface OwnTurn {
  /** Its answer ends the connection. */
  isLast: boolean
  handOver(): { readonly socket: Socket; readonly head: Buffer }
}

/** An exchange over HTTP of either version, with its costs counted. */
export class HttpExchange implements Exchange, EndListener {
  readonly #services: ExchangeServices
  /** Absent once a WebSocket has come of it: neither the request nor what could answer it lives as long as that. */
  #asked: ExchangeOptions | undefined
  readonly #purpose: Purpose
  readonly #wire: Socket
  #goneCallbacks: (() => void)[] | undefined
  #isGone = false
  #isHeldBack: boolean
  #bodyBytes = 0
  #isAnswering = false

  constructor(services: ExchangeServices, options: ExchangeOptions) {
    this.#services = services
    this.#asked = options
    this.#purpose = options.asked.purpose
    this.#wire = options.carrier.wire
    this.#isHeldBack = options.expectsContinue
    options.carrier.tellOfEnd(this)
  }

  /**
   * The whole body, which a client that waits for a word is told to send.
   *
   * @throws Problem `message-too-large`, `server-busy`; ConnectionGone
   */
  async readBody(maxBytes: number): Promise<Buffer> {
    const { carrier } = this.#options
    const body = this.takeBody(maxBytes)
    if (body) return body
    if (this.#isHeldBack && announcedBytes(carrier.request) <= maxBytes) {
      this.#isHeldBack = false
      carrier.writeContinue()
    }
    return carrier.readBody(this.#boundsOf(maxBytes))
  }

  /**
   * The body, when all of it came with the head: without waiting.
   *
   * @returns undefined when it is still to come
   * @throws Problem `message-too-large`, `server-busy`
   */
  takeBody(maxBytes: number): Buffer | undefined {
    const body = this.#options.carrier.takeBody(this.#boundsOf(maxBytes))
    // It was sent without waiting for a word.
    if (body) this.#isHeldBack = false
    return body
  }

  #boundsOf(maxBytes: number): ReadBounds {
    const hasRoom = (bytes: number) => {
      const isTaken = this.#services.bodies.take(bytes)
      if (isTaken) this.#bodyBytes += bytes
      return isTaken
    }
    return { maxBytes, hasRoom }
  }

  /** An append has its place among the messages of its channel: the one behind it may be looked at. */
  placed(): void {
    this.#asked?.carrier.placed()
  }

  /** Nothing of the body is in use any more. */
  letGoOfBody(): void {
    this.#services.bodies.release(this.#bodyBytes)
    this.#bodyBytes = 0
  }

  respond(answer: Answer): void {
    const { carrier } = this.#options
    if (this.#hasAnswer || carrier.isGone) return
    this.#isAnswering = true
    const coding = this.#codingOf(answer)
    if (coding) void this.#respondCoded(answer, coding)
    else this.#write(answer)
  }

  knownTag(tag: string): string | undefined {
    return knownTag(headerText(this.#options.carrier.request, 'if-none-match'), tag, this.#accepted)
  }

  /** Who is at the other end of the connection: the client, or a proxy. */
  get peerAddress(): string | undefined {
    return this.#wire.remoteAddress
  }

  get #options(): ExchangeOptions {
    invariant(this.#asked !== undefined, 'an exchange that has become a WebSocket is not answered')
    return this.#asked
  }

  get #hasAnswer(): boolean {
    return this.#isAnswering || this.#options.carrier.hasAnswer
  }

  get #accepted(): readonly Representation[] {
    const { carrier } = this.#options
    return this.#services.compressor
      ? acceptedRepresentations(headerText(carrier.request, 'accept-encoding'))
      : ['identity']
  }

  /** @returns undefined for an answer that goes out as it is */
  #codingOf({ body, codable }: Answer) {
    if (!body || !codable || !isCodable(codable.contentType)) return undefined
    const accepted = this.#accepted
    const isTiny = body.byteLength < leastCodedBytes
    const best = isTiny && accepted.includes('identity') ? 'identity' : accepted[0]
    return best === 'identity' ? undefined : best
  }

  async #respondCoded(answer: Answer, coding: Exclude<Representation, 'identity'>): Promise<void> {
    const { compressor } = this.#services
    const { body = new Uint8Array(), codable = { name: '' } } = answer
    const gone = new AbortController()
    this.onGone(() => gone.abort())
    let coded: Uint8Array | undefined
    try {
      coded = await compressor?.compress({ name: codable.name, coding, body }, gone.signal)
    } catch (error) {
      this.#services.onMistake(error)
    }
    // As it is, when coding makes it no smaller, or there is too much to code.
    const isWorthIt = coded && (coded.byteLength < body.byteLength || !this.#accepted.includes('identity'))
    if (!coded || !isWorthIt) {
      this.#write(answer)
      return
    }
    const { etag } = answer.headers
    const headers = { 'content-encoding': coding, ...(etag !== undefined && { etag: tagOf(etag, coding) }) }
    this.#write({ ...answer, headers: { ...answer.headers, ...headers }, body: coded })
    this.#services.costs.saved(this.#purpose, body.byteLength - coded.byteLength)
  }

  #write({ status, headers, body, codable, payloadBytes }: Answer): void {
    const { compressor, isStopping } = this.#services
    const { carrier, asked } = this.#options
    const { corsHeaders } = asked
    if (carrier.isGone) return
    const hasBody = status !== 204 && status !== 304 && carrier.request.method !== 'HEAD'
    const isChosen = compressor && codable && isCodable(codable.contentType)
    const head: Record<string, string> = {}
    // An empty answer carries only what a rule demands of it.
    if (status !== 304) Object.assign(head, securityHeaders, corsHeaders)
    else Object.assign(head, corsOfNothingNew(corsHeaders))
    if (isChosen) head.vary = [corsHeaders.vary, 'accept-encoding'].join(', ')
    Object.assign(head, headers)
    if (hasBody) head['content-length'] = String(body?.byteLength ?? 0)
    const isRestUncertain = this.#isHeldBack || hasUnknownTransferCoding(carrier.request)
    const connection = { isLast: isStopping(), isRestUncertain }
    carrier.answer(status, head, hasBody ? body : undefined, connection)
    this.countPayload(payloadBytes)
    if (payloadBytes === 0 && isReading(this.#purpose) && status < 400)
      this.#services.costs.emptyAnswer(this.#purpose)
  }

  checkMayBegin(): void {
    if (!this.#services.isStopping()) return
    throw new Problem('server-stopping', 'The server is stopping. Ask again when it is back.', {
      retryAfterSeconds: 1,
    })
  }

  stream(status: number, headers: Headers): StreamSink {
    this.checkMayBegin()
    const { carrier, asked } = this.#options
    return carrier.stream(status, { ...securityHeaders, ...asked.corsHeaders, ...headers })
  }

  async upgrade({ subprotocol }: { subprotocol: string | undefined }): Promise<WebSocketConnection> {
    const { upgrade } = this.#options
    if (!upgrade) throw new Error('Nobody asked for an upgrade')
    this.checkMayBegin()
    const connection = upgrade(subprotocol)
    this.#asked = undefined
    return connection
  }

  /** Nothing else is asked on this connection, where it is this exchange's own. */
  endConnectionAfterwards(): void {
    const { turn } = this.#options
    if (turn) turn.isLast = true
  }

  /**
   * Gives the connection away, before anything is read of the body or answered.
   *
   * @returns what has come of the body, and all that comes from now on
   * @throws Problem `not-implemented` where others share the connection; ConnectionGone
   */
  takeOver(): { readonly socket: Socket; readonly sent: Buffer } {
    const { carrier, turn } = this.#options
    if (!turn) {
      throw new Problem('not-implemented', 'Over HTTP/2 no connection is for one request: ask by HTTP/1.1.')
    }
    if (carrier.isGone) throw new ConnectionGone()
    const body = carrier.takeBody({ maxBytes: Number.POSITIVE_INFINITY, hasRoom: () => true })
    const { socket, head } = turn.handOver()
    this.#asked = undefined
    return { socket, sent: body ? Buffer.concat([body, head]) : head }
  }

  fail(error: unknown): void {
    if (this.#asked && !this.#hasAnswer) this.respond(problemAnswer(error, this.#services.onMistake))
    // What is wrong with a request whose client is gone is told to nobody; what is wrong here still is.
    else if (this.#asked?.carrier.isGone && !this.#isAnswering) asProblem(error, this.#services.onMistake)
    else {
      this.#services.onMistake(error)
      if (this.#asked) this.#asked.carrier.cut()
      else this.#wire.destroy()
    }
  }

  get account(): Account {
    return this.#services.accounts[this.#purpose]
  }

  problemOf(error: unknown): Problem {
    return this.account.problemOf(error)
  }

  onGone(callback: () => void): void {
    if (this.#isGone || this.#asked?.carrier.isGone) callback()
    else if (this.#goneCallbacks) this.#goneCallbacks.push(callback)
    else this.#goneCallbacks = [callback]
  }

  countPayload(bytes: number): void {
    this.account.countPayload(bytes)
  }

  /** The answer is through, or the client is gone. */
  ended(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#services.costs.requestEnded(this.#wire)
    this.#services.trace.requestEnded(this.#wire)
    const callbacks = this.#goneCallbacks
    this.#goneCallbacks = undefined
    if (callbacks) for (const callback of callbacks) callback()
  }
}

/** What may be read of an answer that a page has already was said with that answer. @see RFC 9111 §3.2 */
function corsOfNothingNew({ 'access-control-expose-headers': _, ...headers }: Headers): Headers {
  return headers
}

function isReading(purpose: Purpose): boolean {
  return purpose === 'short-poll' || purpose === 'long-poll' || purpose === 'sse'
}
