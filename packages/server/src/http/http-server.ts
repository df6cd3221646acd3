import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Problem } from '@tidings/protocol'
import type { WebAccess } from '../access/index.js'
import type { Costs, Purpose } from '../observe/index.js'
import { ConnectionGone, type Station, WebSocketUpgrader } from '../transports/index.js'
import { corsHeaders, preflightHeaders } from './answer-headers.js'
import { announcedBytes, tooLarge } from './body.js'
import { NodeExchange } from './node-exchange.js'
import { problemAnswer } from './problem-answer.js'
import { headerText } from './read-request.js'
import { Router } from './router.js'
import { parseTarget, type Target } from './target.js'
import { checkHandshake, isWebSocketUpgrade, readAsPlainRequest } from './upgrade.js'

/** Kept-alive connections wait this long for their next request: longer than proxies keep theirs (60 s). */
const keepAliveMs = 75_000

export interface HttpServerOptions {
  readonly station: Station
  readonly access: WebAccess
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
  #isStopping = false

  constructor(options: HttpServerOptions) {
    this.#options = options
    this.#router = new Router(options.station, options.costs)
    this.#upgrader = new WebSocketUpgrader({ maxMessageBytes: options.station.settings.maxBodyBytes })
    this.#server = createServer({ keepAliveTimeout: keepAliveMs })
    this.#server.on('connection', (socket: Socket) => options.costs.connectionOpened(socket))
    this.#server.on('request', (request, response) => void this.#take(request, response, undefined))
    this.#server.on('checkContinue', (request, response) => this.#takeWithExpectation(request, response))
    this.#server.on('upgrade', (request, socket, head) => this.#takeUpgrade(request, socket as Socket, head))
    this.#server.on('clientError', (error, socket) => answerMalformed(error, socket as Socket))
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

  /** No new connections; those without a request are closed now, the others when theirs is answered. */
  stopAccepting(): Promise<void> {
    this.#isStopping = true
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeIdleConnections()
    return closed
  }

  cutConnections(): void {
    this.#server.closeAllConnections()
  }

  async #take(
    request: IncomingMessage,
    response: ServerResponse,
    upgrade: Upgrade | undefined,
  ): Promise<void> {
    const { access, costs, onMistake, station } = this.#options
    const host = headerText(request, 'host')
    const origin = headerText(request, 'origin')
    if (this.#isStopping) response.shouldKeepAlive = false
    let target: Target | Problem
    try {
      target = parseTarget(request.url ?? '/', station.settings.maxNameBytes)
    } catch (error) {
      target = error as Problem
    }
    const exchange = new NodeExchange({
      request,
      response,
      costs,
      onMistake,
      purpose: purposeOf(request, target),
      corsHeaders: corsHeaders(access, origin, host),
      ...(upgrade && {
        upgrade: (subprotocol) => this.#upgrader.upgrade(request, upgrade.socket, upgrade.head, subprotocol),
      }),
    })
    try {
      if (request.method === 'OPTIONS') {
        exchange.respond({ status: 204, headers: preflightHeaders(access, origin, host), payloadBytes: 0 })
        return
      }
      access.check({ host, origin, fetchSite: headerText(request, 'sec-fetch-site') })
      if (target instanceof Error) throw target
      if (upgrade) checkHandshake(request)
      await this.#router.answer({ request, response, exchange, target, isUpgrade: upgrade !== undefined })
    } catch (error) {
      if (!(error instanceof ConnectionGone)) exchange.fail(error)
    }
  }

  /** `Expect: 100-continue`: a body that is too large is refused before it is sent. @see RFC 9110 §10.1.1 */
  #takeWithExpectation(request: IncomingMessage, response: ServerResponse): void {
    const { maxBodyBytes } = this.#options.station.settings
    if (announcedBytes(request) > maxBodyBytes) {
      const { status, headers, body } = problemAnswer(tooLarge(maxBodyBytes), this.#options.onMistake)
      response.writeHead(status, { ...headers, connection: 'close' }).end(body)
      return
    }
    response.writeContinue()
    void this.#take(request, response, undefined)
  }

  #takeUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (!isWebSocketUpgrade(request)) {
      readAsPlainRequest(this.#server, request, socket, head)
      return
    }
    socket.on('error', () => socket.destroy())
    const response = new ServerResponse(request)
    response.shouldKeepAlive = false
    response.assignSocket(socket)
    response.on('finish', () => socket.end())
    void this.#take(request, response, { socket, head })
  }
}

interface Upgrade {
  readonly socket: Socket
  readonly head: Buffer
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

/** What could not be parsed as HTTP. @see RFC 9112 §2.2 */
function answerMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const { status, headers, body } = problemAnswer(malformed(error.code), () => {})
  const lines = Object.entries({ ...headers, 'content-length': body?.byteLength ?? 0, connection: 'close' })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.end(`HTTP/1.1 ${status} \r\n${head}\r\n${Buffer.from(body ?? []).toString()}`)
}

function malformed(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') return new Problem('header-too-large', 'Send fewer or shorter headers.')
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Problem('request-timeout', 'Send the request faster.')
  return new Problem('request-malformed', 'This is not HTTP/1.1.')
}
