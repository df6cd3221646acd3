import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { isLiveMode, Problem, path } from '@tidings/protocol'
import type { AdminAccess, WebAccess } from '../access/index.js'
import type { Costs, Purpose } from '../observe/index.js'
import {
  ConnectionGone,
  type Station,
  upgradeToWebSocket,
  type WebSocketConnection,
} from '../transports/index.js'
import { allMethods, corsHeaders, preflightHeaders } from './answer-headers.js'
import { refuseTransferCodings } from './body.js'
import { BodyBudget } from './body-budget.js'
import { type Carrier, Http1Carrier, Http2Carrier } from './carriers/index.js'
import { Compressor } from './coding/index.js'
import { ConnectionOrder } from './connection-order.js'
import { endGently } from './end-gently.js'
import { type HttpRequest, headerText } from './http-request.js'
import { answerAndEnd, answerMalformed } from './malformed.js'
import { NodeExchange } from './node-exchange.js'
import { type KeyPair, Port } from './port.js'
import { methodNotAllowed, Router } from './router.js'
import { parseTarget, requestedHost, type Target } from './target.js'
import { checkHandshake, isWebSocketUpgrade, readAsPlainRequest } from './upgrade.js'

export interface ServerLimits {
  readonly maxConnections: number
  readonly maxBodiesBytes: number
  readonly compression: 'on' | 'off'
}

export interface HttpServerOptions {
  readonly station: Station
  readonly access: WebAccess
  readonly admin: AdminAccess
  readonly costs: Costs
  readonly limits: ServerLimits
  /** With one it speaks TLS, and HTTP/2 to who wants it. */
  readonly keyPair: KeyPair | undefined
  /** Hears of mistakes of our own, which no client is told. */
  readonly onMistake: (error: unknown) => void
}

/** The HTTP face: takes requests and upgrades, checks who asks, and answers trouble as problems. */
export class HttpServer {
  readonly #options: HttpServerOptions
  readonly #router: Router
  readonly #port: Port
  readonly #order = new ConnectionOrder()
  readonly #bodies: BodyBudget
  readonly #compressor: Compressor | undefined
  #isStopping = false
  /** Not made per request: it would hold its request for as long as the exchange lives. */
  readonly #isStoppingNow = () => this.#isStopping

  constructor(options: HttpServerOptions) {
    this.#options = options
    const { station, costs, admin, keyPair, limits } = options
    this.#router = new Router(station, costs, admin)
    this.#bodies = new BodyBudget(Math.max(limits.maxBodiesBytes, station.settings.maxBodyBytes))
    this.#compressor = limits.compression === 'on' ? new Compressor() : undefined
    this.#port = new Port({
      keyPair,
      maxConnections: limits.maxConnections,
      onConnection: (wire) => costs.connectionOpened(wire),
    })
    this.#hearHttp1()
    this.#hearHttp2()
  }

  /** @returns the address that it listens on */
  listen(port: number, host: string): Promise<AddressInfo> {
    return this.#port.listen(port, host)
  }

  /** For connections from now on. */
  useKeyPair(keyPair: KeyPair): void {
    this.#port.useKeyPair(keyPair)
  }

  /**
   * What is asked from now on is refused: answered, a poll would be held again, and a socket never told to come
   * back.
   *
   * @returns when every connection is closed
   */
  stopAccepting(): Promise<void> {
    this.#isStopping = true
    return this.#port.stopAccepting()
  }

  cutConnections(): void {
    this.#port.cut()
  }

  #hearHttp1(): void {
    const { http1 } = this.#port
    http1.on('request', (request, response) => void this.#takeInTurn(request, response, false))
    http1.on('checkContinue', (request, response) => void this.#takeInTurn(request, response, true))
    // What else a client may expect is unknown, and may be ignored. @see RFC 9110 §10.1.1
    http1.on('checkExpectation', (request, response) => void this.#takeInTurn(request, response, false))
    http1.on('upgrade', (request, socket, head) => void this.#takeUpgrade(request, socket as Socket, head))
    http1.on('connect', (_request, socket) => answerAndEnd(socket as Socket, methodNotAllowed(allMethods)))
    http1.on('clientError', (error, socket) =>
      answerMalformed(error, socket as Socket, this.#order.isFreeToAnswer(socket as Socket)),
    )
  }

  /** Streams have no order among themselves: who wants one waits for the answer. */
  #hearHttp2(): void {
    const { http2 } = this.#port
    if (!http2) return
    http2.on('request', (request, response) => void this.#takeStream(request, response, false))
    http2.on('checkContinue', (request, response) => void this.#takeStream(request, response, true))
    http2.on('checkExpectation', (request, response) => void this.#takeStream(request, response, false))
    http2.on('connect', (request, response) => void this.#takeStream(request, response, false))
  }

  /**
   * What was sent ahead on one connection is done in its order: a write has its effect on the read behind it, and
   * answers do not gather that nobody reads. @see RFC 9112 §9.3.2
   */
  async #takeInTurn(
    request: IncomingMessage,
    response: ServerResponse,
    expectsContinue: boolean,
  ): Promise<void> {
    const { begins, placed } = this.#order.began(request, response, appendBytesOf(request))
    if (begins !== undefined) await begins
    // An answer before this one may have been the connection's last.
    if (!request.socket.writable) return
    await this.#takeTurn(request, response, { expectsContinue, placed })
  }

  #takeTurn(request: IncomingMessage, response: ServerResponse, offer: Offer): Promise<void> {
    const wire = this.#port.wireOf(request.socket)
    return this.#take(request, offer, (purpose) => {
      this.#options.costs.requestBegan(wire, purpose)
      return new Http1Carrier(request, response, { wire, isStopping: this.#isStoppingNow })
    })
  }

  async #takeStream(
    request: Http2ServerRequest,
    response: Http2ServerResponse,
    expectsContinue: boolean,
  ): Promise<void> {
    const { costs } = this.#options
    const wire = this.#port.wireOfSession(request.stream.session)
    // Node tells of a stream a moment after it came: its connection may be gone again.
    if (!wire) return
    await this.#take(request, { expectsContinue }, (purpose) => {
      costs.requestBegan(wire, purpose)
      return new Http2Carrier(request, response, {
        wire,
        weigh: (bytes) => costs.weigh(wire, purpose, bytes),
      })
    })
  }

  async #take(
    request: HttpRequest,
    { expectsContinue = false, placed, upgrade }: Offer,
    carrierFor: (purpose: Purpose) => Carrier,
  ): Promise<void> {
    const { access, costs, keyPair, onMistake, station } = this.#options
    const origin = headerText(request, 'origin')
    const host = orProblem(() => requestedHost(request))
    const target = orProblem(() => parseTarget(request.url ?? '/', station.settings.maxNameBytes))
    const knownHost = host instanceof Error ? undefined : host
    const purpose = purposeOf(request, target)
    const exchange = new NodeExchange({
      carrier: carrierFor(purpose),
      costs,
      onMistake,
      expectsContinue,
      isStopping: this.#isStoppingNow,
      purpose,
      corsHeaders: corsHeaders(access, origin, knownHost),
      compressor: this.#compressor,
      bodies: this.#bodies,
      ...(upgrade && { upgrade }),
    })
    try {
      exchange.checkMayBegin()
      if (host instanceof Error) throw host
      refuseTransferCodings(request)
      if (request.method === 'OPTIONS') {
        exchange.respond({ status: 204, headers: preflightHeaders(access, origin, host), payloadBytes: 0 })
        return
      }
      if (request.method === 'CONNECT') throw methodNotAllowed(allMethods)
      access.check({ host, origin, fetchSite: headerText(request, 'sec-fetch-site') })
      if (target instanceof Error) throw target
      if (upgrade) checkHandshake(request)
      const isUpgrade = upgrade !== undefined
      await this.#router.answer({
        request,
        exchange,
        target,
        host,
        isSecure: keyPair !== undefined,
        isUpgrade,
        ...(placed && { onPlaced: placed }),
      })
    } catch (error) {
      if (!(error instanceof ConnectionGone)) exchange.fail(error)
    } finally {
      exchange.letGoOfBody()
    }
  }

  /** Node lets go of a connection that asks for an upgrade: what is answered on it from here on is ours to write. */
  async #takeUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    socket.on('error', destroyIt)
    this.#order.letGo(socket)
    await this.#order.answered(socket)
    this.#order.forget(socket)
    if (!socket.writable) return
    if (!isWebSocketUpgrade(request)) {
      socket.off('error', destroyIt)
      readAsPlainRequest(request, socket, head)
      this.#port.readAnew(socket)
      return
    }
    const response = new ServerResponse(request)
    response.shouldKeepAlive = false
    response.assignSocket(socket)
    response.on('finish', () => endGently(socket))
    const upgrade: Upgrade = (subprotocol) => {
      response.removeAllListeners('close')
      response.detachSocket(socket)
      const key = headerText(request, 'sec-websocket-key') ?? ''
      const { maxBodyBytes } = this.#options.station.settings
      return upgradeToWebSocket(socket, head, { key, subprotocol, maxMessageBytes: maxBodyBytes })
    }
    await this.#takeTurn(request, response, { upgrade })
  }
}

/** What a request brings with it beside itself. */
interface Offer {
  readonly expectsContinue?: boolean
  readonly upgrade?: Upgrade
  /** To be called when an append has its place. */
  readonly placed?: () => void
}

type Upgrade = (subprotocol: string | undefined) => WebSocketConnection

/** Not made per connection: it would hold its request for as long as the socket lives. */
function destroyIt(this: Socket): void {
  this.destroy()
}

/** @returns undefined for what is no append, or does not say how long it is */
function appendBytesOf({ method, url = '', headers }: IncomingMessage): number | undefined {
  const length = headers['content-length']
  return method === 'POST' && url.startsWith(path.stream) && length !== undefined ? Number(length) : undefined
}

/** What the request's bytes are spent on. */
function purposeOf(request: HttpRequest, target: Target | Problem): Purpose {
  if (target instanceof Error) return 'other'
  if (target.kind === 'socket') return 'websocket'
  if (target.kind !== 'channel' && target.kind !== 'streams') return 'other'
  if (request.method === 'POST' && target.kind === 'channel') return 'publish'
  if (request.method !== 'GET') return 'other'
  const live = target.query.get('live')
  return live !== null && isLiveMode(live) ? live : 'short-poll'
}

function orProblem<T>(read: () => T): T | Problem {
  try {
    return read()
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
}
