import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Problem } from '@tidings/protocol'
import type { AdminAccess, WebAccess } from '../access/index.js'
import type { Costs, Purpose } from '../observe/index.js'
import { ConnectionGone, type Station, WebSocketUpgrader } from '../transports/index.js'
import { corsHeaders, preflightHeaders } from './answer-headers.js'
import { allWritten, ConnectionOrder } from './connection-order.js'
import { endGently } from './end-gently.js'
import { answerAndEnd, answerMalformed } from './malformed.js'
import { NodeExchange } from './node-exchange.js'
import { headerText } from './read-request.js'
import { methodNotAllowed, Router } from './router.js'
import { parseTarget, requestedHost, type Target } from './target.js'
import { checkHandshake, isWebSocketUpgrade, readAsPlainRequest } from './upgrade.js'

/** Kept-alive connections wait this long for their next request: longer than proxies keep theirs (60 s). */
const keepAliveMs = 75_000

/** Requests that a client may send before their answers; past this many it is cut, since Node reads on and on. */
const maxRequestsAhead = 100

export interface HttpServerOptions {
  readonly station: Station
  readonly access: WebAccess
  readonly admin: AdminAccess
  readonly costs: Costs
  /** Hears of mistakes of our own, which no client is told. */
  readonly onMistake: (error: unknown) => void
}

/** The HTTP face: takes requests and upgrades, checks who asks, and answers trouble as problems. */
export class HttpServer {
  readonly #options: HttpServerOptions
  readonly #router: Router
  readonly #upgrader: WebSocketUpgrader
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #order = new ConnectionOrder()
  #isStopping = false

  constructor(options: HttpServerOptions) {
    this.#options = options
    this.#router = new Router(options.station, options.costs, options.admin)
    this.#upgrader = new WebSocketUpgrader({ maxMessageBytes: options.station.settings.maxBodyBytes })
    // Whether there is a Host is for `requestedHost` to say, as a problem.
    this.#server = createServer({ keepAliveTimeout: keepAliveMs, requireHostHeader: false })
    this.#server.on('connection', (socket: Socket) => {
      options.costs.connectionOpened(socket)
      // Again, when an upgrade that was offered is not taken.
      if (this.#sockets.has(socket)) return
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    this.#server.on('request', (request, response) => void this.#takeInTurn(request, response, false))
    this.#server.on('checkContinue', (request, response) => void this.#takeInTurn(request, response, true))
    // What else a client may expect is unknown, and may be ignored. @see RFC 9110 §10.1.1
    this.#server.on(
      'checkExpectation',
      (request, response) => void this.#takeInTurn(request, response, false),
    )
    this.#server.on(
      'upgrade',
      (request, socket, head) => void this.#takeUpgrade(request, socket as Socket, head),
    )
    this.#server.on('connect', (_request, socket) =>
      answerAndEnd(socket as Socket, methodNotAllowed('GET, HEAD, PUT, POST, DELETE, OPTIONS')),
    )
    this.#server.on('clientError', (error, socket) =>
      answerMalformed(error, socket as Socket, this.#order.isFreeToAnswer(socket as Socket)),
    )
  }

  /** @returns the address that it listens on */
  listen(port: number, host: string): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject)
        resolve(this.#server.address() as AddressInfo)
      })
    })
  }

  /**
   * No new connections; those without a request are closed now, the others when theirs is answered. What is
   * asked from now on is refused: answered, a poll would be held again, and a socket never told to come back.
   */
  stopAccepting(): Promise<void> {
    this.#isStopping = true
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeIdleConnections()
    // A connection on which nothing was asked yet is busy in Node's eyes; browsers open some in advance.
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy()
    return closed
  }

  /** Also those that are WebSockets now, which Node's server has let go of. */
  cutConnections(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /**
   * What was sent ahead on one connection is done one after the other: a write has its effect on the read
   * behind it, and answers do not gather that nobody reads. @see RFC 9112 §9.3.2
   */
  async #takeInTurn(
    request: IncomingMessage,
    response: ServerResponse,
    expectsContinue: boolean,
  ): Promise<void> {
    const earlier = this.#order.unanswered(request.socket)
    if (earlier.length >= maxRequestsAhead) {
      request.socket.destroy()
      return
    }
    this.#order.began(request, response)
    if (earlier.length > 0) await allWritten(earlier)
    if (request.socket.destroyed) return
    await this.#take(request, response, { expectsContinue })
  }

  async #take(
    request: IncomingMessage,
    response: ServerResponse,
    { expectsContinue = false, upgrade }: { expectsContinue?: boolean; upgrade?: Upgrade },
  ): Promise<void> {
    const { access, costs, onMistake, station } = this.#options
    this.#endConnectionWhenStopping(request, response)
    const origin = headerText(request, 'origin')
    const host = orProblem(() => requestedHost(request))
    const target = orProblem(() => parseTarget(request.url ?? '/', station.settings.maxNameBytes))
    const knownHost = host instanceof Error ? undefined : host
    const exchange = new NodeExchange({
      request,
      response,
      costs,
      onMistake,
      expectsContinue,
      isStopping: () => this.#isStopping,
      purpose: purposeOf(request, target),
      corsHeaders: corsHeaders(access, origin, knownHost),
      ...(upgrade && {
        upgrade: (subprotocol) => this.#upgrader.upgrade(request, upgrade.socket, upgrade.head, subprotocol),
      }),
    })
    try {
      if (this.#isStopping) throw stopping()
      if (host instanceof Error) throw host
      if (request.method === 'OPTIONS') {
        exchange.respond({ status: 204, headers: preflightHeaders(access, origin, host), payloadBytes: 0 })
        return
      }
      access.check({ host, origin, fetchSite: headerText(request, 'sec-fetch-site') })
      if (target instanceof Error) throw target
      if (upgrade) checkHandshake(request)
      await this.#router.answer({ request, exchange, target, isUpgrade: upgrade !== undefined })
    } catch (error) {
      if (!(error instanceof ConnectionGone)) exchange.fail(error)
    }
  }

  /** A stream that began before the stop said that its connection would be kept. */
  #endConnectionWhenStopping({ socket }: IncomingMessage, response: ServerResponse): void {
    response.once('close', () => {
      if (this.#isStopping) socket.destroySoon()
    })
  }

  /** Node lets go of a connection that asks for an upgrade: what is answered on it from here on is ours to write. */
  async #takeUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    const destroy = () => socket.destroy()
    socket.on('error', destroy)
    const earlier = this.#order.unanswered(socket)
    if (earlier.length > 0) await allWritten(earlier)
    if (socket.destroyed) return
    if (!isWebSocketUpgrade(request)) {
      socket.off('error', destroy)
      readAsPlainRequest(this.#server, request, socket, head)
      return
    }
    const response = new ServerResponse(request)
    response.shouldKeepAlive = false
    response.assignSocket(socket)
    response.on('finish', () => endGently(socket))
    await this.#take(request, response, { upgrade: { socket, head } })
  }
}

interface Upgrade {
  readonly socket: Socket
  readonly head: Buffer
}

function stopping(): Problem {
  return new Problem('server-stopping', 'The server is stopping. Ask again when it is back.', {
    retryAfterSeconds: 1,
  })
}

/** What the request's bytes are spent on. */
function purposeOf(request: IncomingMessage, target: Target | Problem): Purpose {
  if (target instanceof Error) return 'other'
  if (target.kind === 'socket') return 'websocket'
  if (target.kind !== 'channel') return 'other'
  if (request.method === 'POST') return 'publish'
  if (request.method !== 'GET') return 'other'
  const live = target.query.get('live')
  return live === 'long-poll' || live === 'sse' || live === 'websocket' ? live : 'short-poll'
}

function orProblem<T>(read: () => T): T | Problem {
  try {
    return read()
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
}
