import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { AddressInfo } from 'node:net'
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
import { type Carrier, Http2Carrier } from './carriers/index.js'
import { Compressor } from './coding/index.js'
import type { RequestHead, Turn } from './http1/index.js'
import { type HttpRequest, headerText } from './http-request.js'
import { NodeExchange } from './node-exchange.js'
import { type KeyPair, Port } from './port.js'
import { methodNotAllowed, Router } from './router.js'
import { parseTarget, requestedHost, type Target } from './target.js'
import { checkHandshake, isWebSocketUpgrade } from './upgrade.js'

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
      http1: { isAppend, take: (turn) => this.#takeTurn(turn) },
      onConnection: (wire) => costs.connectionOpened(wire),
    })
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

  /** Streams have no order among themselves: who wants one waits for the answer. */
  #hearHttp2(): void {
    const { http2 } = this.#port
    if (!http2) return
    http2.on('request', (request, response) => void this.#takeStream(request, response, false))
    http2.on('checkContinue', (request, response) => void this.#takeStream(request, response, true))
    http2.on('checkExpectation', (request, response) => void this.#takeStream(request, response, false))
    http2.on('connect', (request, response) => void this.#takeStream(request, response, false))
  }

  #takeTurn(turn: Turn): void {
    const { costs } = this.#options
    const { request } = turn
    const isUpgrade = isWebSocketUpgrade(request)
    const upgrade: Upgrade = (subprotocol) => {
      const { socket, head } = turn.handOver()
      const key = request.headers['sec-websocket-key'] ?? ''
      const { maxBodyBytes } = this.#options.station.settings
      return upgradeToWebSocket(socket, head, { key, subprotocol, maxMessageBytes: maxBodyBytes })
    }
    // Who has sent frames behind an offer that is refused must not have them taken for requests.
    if (isUpgrade) turn.isLast = true
    const offer = { expectsContinue: request.expectsContinue, ...(isUpgrade && { upgrade }) }
    void this.#take(request, offer, (purpose) => {
      costs.requestBegan(turn.wire, purpose)
      return turn
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
    { expectsContinue = false, upgrade }: Offer,
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
      })
    } catch (error) {
      if (!(error instanceof ConnectionGone)) exchange.fail(error)
    } finally {
      exchange.letGoOfBody()
    }
  }
}

/** What a request brings with it beside itself. */
interface Offer {
  readonly expectsContinue?: boolean
  readonly upgrade?: Upgrade
}

type Upgrade = (subprotocol: string | undefined) => WebSocketConnection

/** What may be done behind another of its kind that is not kept yet. */
function isAppend({ method, url, bodyBytes }: RequestHead): boolean {
  return method === 'POST' && bodyBytes !== 'chunked' && url.startsWith(path.stream)
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
