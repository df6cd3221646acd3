import { path } from '@tidings/protocol'
import type { Network } from '../links/network.js'
import { longestQuietMs } from '../links/network.js'
import { connectionFailed, ProblemError } from '../problem-error.js'
import type { Clock } from '../time/clock.js'
import { serverUrl } from '../wire/address.js'
import {
  type Answer,
  ask,
  type Exchange,
  type ExchangeRequest,
  type Fetch,
  type HttpOptions,
  startExchange,
} from '../wire/http.js'
import type { WebSocketConstructor } from '../wire/websocket-like.js'
import type { Credentials } from './credentials.js'

export interface NetworkOptions {
  /** Default: the runtime's own. */
  readonly fetch?: Fetch
  /** Default: the runtime's own. Node 20 has none: give that of the package `ws`, or hear without. */
  readonly webSocket?: WebSocketConstructor
  /** From one short poll to the next, milliseconds. Default 1,000. */
  readonly intervalMs?: number
  /** How long the server may stay silent when it is asked for a sign of life, milliseconds. Default 6,000. */
  readonly answerMs?: number
}

/** What links see of the world. */
export class ClientNetwork implements Network {
  readonly server: string
  readonly clock: Clock
  readonly answerMs: number
  intervalMs: number
  quietMs = longestQuietMs
  readonly #options: NetworkOptions
  readonly #credentials: Credentials

  constructor(server: string, clock: Clock, options: NetworkOptions, credentials: Credentials) {
    this.server = server
    this.clock = clock
    this.answerMs = options.answerMs ?? 6_000
    this.intervalMs = options.intervalMs ?? 1_000
    this.#options = options
    this.#credentials = credentials
  }

  get webSocket(): WebSocketConstructor {
    const webSocket = this.#options.webSocket ?? (globalThis.WebSocket as WebSocketConstructor | undefined)
    if (webSocket) return webSocket
    const detail = 'This runtime has no WebSocket: give one as the option webSocket, or hear in another way.'
    throw new ProblemError('websocket-missing', detail)
  }

  ask(url: URL, request: ExchangeRequest): Promise<Answer> {
    return this.#authorised(ask, url, request)
  }

  start(url: URL, request: ExchangeRequest): Promise<Exchange> {
    return this.#authorised(startExchange, url, request)
  }

  async token(): Promise<string | undefined> {
    return this.#credentials.token()
  }

  refused(): boolean {
    return this.#credentials.refused()
  }

  /** A token that was refused is fetched anew, once. */
  async #authorised<T>(
    send: (url: URL, request: ExchangeRequest, options: HttpOptions) => Promise<T>,
    url: URL,
    request: ExchangeRequest,
  ): Promise<T> {
    const token = this.#credentials.token()
    const attempt = async () => {
      const headers = { ...(await this.#credentials.headers()), ...request.headers }
      return send(url, { ...request, headers }, { fetch: this.#options.fetch, clock: this.clock })
    }
    try {
      return await attempt()
    } catch (error) {
      if (token === undefined || !(error instanceof ProblemError) || error.status !== 401) throw error
      if (this.#credentials.token() === token) this.#credentials.forget()
      return attempt()
    }
  }

  /** Why nothing comes, for pages: a browser tells them neither of a refusal nor of what it refuses itself. */
  why(error: ProblemError): ProblemError {
    const { protocol, origin } = globalThis.location ?? {}
    const url = serverUrl(this.server, path.stats)
    if (error.code !== 'connection-failed' || !origin || origin === url.origin) return error
    // Browsers let a page of https: ask its own machine.
    const isOwn = /^(localhost|127\.|\[::1])/.test(url.hostname)
    if (protocol === 'https:' && url.protocol !== protocol && !isOwn) {
      return new ProblemError('mixed-content', 'A page of https: may not ask http:. Give the server TLS.')
    }
    const detail = `${error.message} If the server is there, start it with --allow-origin ${origin}`
    return connectionFailed(detail, error)
  }
}
