import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { type LaneTag, laneParameter, Problem, parseLaneTag, path } from '@tidings/protocol'
import type { AdminAccess, WebAccess } from '../access/index.js'
import type { Costs, Trace } from '../observe/index.js'
import {
  ConnectionGone,
  type Station,
  upgradeToWebSocket,
  type WebSocketConnection,
} from '../transports/index.js'
import { preflightHeaders } from './answer-headers.js'
import { type Asked, AskedReader } from './asked.js'
import { BodyBudget } from './body-budget.js'
import { type Carrier, Http2Carrier, type Weigh } from './carriers/index.js'
import { Compressor } from './coding/index.js'
import { type ExchangeServices, HttpExchange } from './http-exchange.js'
import type { HttpRequest } from './http-request.js'
import type { RequestHead, Turn } from './http1/index.js'
import type { Mount } from './mount.js'
import { type KeyPair, Port } from './port.js'
import { ProofMount } from './proof-mount.js'
import { purposeAccounts } from './purpose-accounts.js'
import { Router } from './router.js'
import { isWebSocketUpgrade } from './upgrade.js'

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
  readonly trace: Trace
  /** What is served beside channels. */
  readonly mounts: readonly Mount[]
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
  readonly #reader: AskedReader
  /** What every exchange needs. */
  readonly #services: ExchangeServices
  #isStopping = false

  constructor(options: HttpServerOptions) {
    this.#options = options
    const { station, access, costs, trace, admin, keyPair, limits, onMistake } = options
    this.#router = new Router(station, { costs, admin, mounts: [new ProofMount(station), ...options.mounts] })
    this.#reader = new AskedReader(access, station.settings.maxNameBytes)
    this.#services = {
      costs,
      trace,
      accounts: purposeAccounts(costs, onMistake),
      onMistake,
      bodies: new BodyBudget(Math.max(limits.maxBodiesBytes, station.settings.maxBodyBytes)),
      compressor: limits.compression === 'on' ? new Compressor() : undefined,
      isStopping: () => this.#isStopping,
    }
    this.#port = new Port({
      keyPair,
      maxConnections: limits.maxConnections,
      http1: {
        isAppend,
        take: (turn) => this.#takeTurn(turn),
        onServe: (connection) => trace.opened(connection),
      },
      onConnection: (wire) => costs.connectionOpened(wire),
      onConnectionClosed: (wire) => costs.connectionClosed(wire),
    })
    trace.useConnections(() => this.#port.http1.connections)
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
    http2.on('request', (request, response) => this.#takeStream(request, response, false))
    http2.on('checkContinue', (request, response) => this.#takeStream(request, response, true))
    http2.on('checkExpectation', (request, response) => this.#takeStream(request, response, false))
    http2.on('connect', (request, response) => this.#takeStream(request, response, false))
  }

  #takeTurn(turn: Turn): void {
    const { costs, trace } = this.#options
    const { request } = turn
    const isUpgrade = isWebSocketUpgrade(request)
    const asked = this.#reader.read(request, { isUpgrade })
    // Who has sent frames behind an offer that is refused must not have them taken for requests.
    if (isUpgrade) turn.isLast = true
    costs.requestBegan(turn.wire, asked.purpose)
    if (trace.isOn) this.#trace(turn, asked)
    const upgrade = isUpgrade ? this.#upgradeOf(turn) : undefined
    void this.#take(request, asked, turn, { expectsContinue: request.expectsContinue, upgrade, turn })
  }

  #trace(turn: Turn, { target }: Asked): void {
    const { trace } = this.#options
    const isOfChannel = !(target instanceof Problem) && target.kind === 'channel'
    const tag = isOfChannel ? laneTagOf(target.query) : undefined
    const isWatched = trace.requestBegan(turn.wire, isOfChannel ? target.name : undefined, tag)
    if (isWatched && tag?.isFresh) turn.isLast = true
  }

  #upgradeOf(turn: Turn): Upgrade {
    return (subprotocol) => {
      const { socket, head } = turn.handOver()
      const key = turn.request.headers['sec-websocket-key'] ?? ''
      const { maxBodyBytes } = this.#options.station.settings
      return upgradeToWebSocket(socket, head, { key, subprotocol, maxMessageBytes: maxBodyBytes })
    }
  }

  #takeStream(request: Http2ServerRequest, response: Http2ServerResponse, expectsContinue: boolean): void {
    const { costs } = this.#options
    const wire = this.#port.wireOfSession(request.stream.session)
    // Node tells of a stream a moment after it came: its connection may be gone again.
    if (!wire) return
    const asked = this.#reader.read(request, { isUpgrade: false })
    const { purpose } = asked
    costs.requestBegan(wire, purpose)
    const weigh: Weigh = (bytes) => costs.weigh(wire, purpose, bytes)
    const carrier = new Http2Carrier(request, response, { wire, weigh })
    void this.#take(request, asked, carrier, {
      expectsContinue,
      upgrade: undefined,
      turn: undefined,
    })
  }

  /** Without a promise of its own: most requests are appends, which are answered by a callback. */
  #take(request: HttpRequest, asked: Asked, carrier: Carrier, offer: Offer): Promise<void> | undefined {
    const { upgrade } = offer
    const exchange = new HttpExchange(this.#services, { carrier, asked, ...offer })
    try {
      const answering = this.#answer(request, asked, exchange, upgrade !== undefined)
      if (!answering) return undefined
      return answering.catch((error) => failed(exchange, error)).finally(() => exchange.letGoOfBody())
    } catch (error) {
      failed(exchange, error)
      exchange.letGoOfBody()
      return undefined
    }
  }

  #answer(request: HttpRequest, asked: Asked, exchange: HttpExchange, isUpgrade: boolean) {
    const { access, keyPair } = this.#options
    const { target, host, origin, refusal } = asked
    exchange.checkMayBegin()
    if (refusal) throw refusal
    if (request.method === 'OPTIONS') {
      exchange.respond({ status: 204, headers: preflightHeaders(access, origin, host), payloadBytes: 0 })
      return undefined
    }
    if (target instanceof Problem) throw target
    return this.#router.answer({
      request,
      exchange,
      target,
      host,
      isSecure: keyPair !== undefined,
      isUpgrade,
    })
  }
}

function failed(exchange: HttpExchange, error: unknown): void {
  if (!(error instanceof ConnectionGone)) exchange.fail(error)
}

/** What a request brings with it beside itself. */
interface Offer {
  readonly expectsContinue: boolean
  readonly upgrade: Upgrade | undefined
  readonly turn: Turn | undefined
}

function laneTagOf(query: URLSearchParams): LaneTag | undefined {
  const text = query.get(laneParameter)
  return text === null ? undefined : parseLaneTag(text)
}

type Upgrade = (subprotocol: string | undefined) => WebSocketConnection

/** What may be done behind another of its kind that is not kept yet. */
function isAppend({ method, url, bodyBytes }: RequestHead): boolean {
  return method === 'POST' && bodyBytes !== 'chunked' && url.startsWith(path.stream)
}
