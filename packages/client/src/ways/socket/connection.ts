import { closeCode, subprotocol } from '@tidings/protocol'
import { answerMalformed, connectionFailed, ProblemError } from '../../problem-error.js'
import { type Clock, SilenceWatch } from '../../time/clock.js'
import type { WebSocketConstructor, WebSocketLike } from '../../wire/websocket-like.js'
import { type OtherEnvelope, parseServerEnvelope, type RawData } from './server-envelope.js'

export interface ConnectionOptions {
  readonly webSocket: WebSocketConstructor
  readonly clock: Clock
  /** From the first packet to the server's `welcome`, milliseconds. */
  readonly connectTimeoutMs: number
  readonly onEnvelope: (envelope: RawData | OtherEnvelope) => void
}

const pingText = JSON.stringify({ type: 'ping' })

/**
 * One WebSocket, from the upgrade to its close. It asks for a sign of life after `heartbeatMs` (the server's
 * word) without a frame, and counts as dead after twice that.
 */
export class SocketConnection {
  /** Resolves at the server's `welcome`; rejects with what `closed` resolves to. */
  readonly welcomed: Promise<void>
  /** Why the connection is over. */
  readonly closed: Promise<ProblemError>
  /** Whether the upgrade went through: else the reason is hidden from WebSocket clients. */
  isUpgraded = false

  readonly #socket: WebSocketLike
  readonly #options: ConnectionOptions
  #pingWatch: SilenceWatch | undefined
  #deathWatch: SilenceWatch
  #heartbeatMs: number | undefined
  #retryAfterMs: number | undefined
  #isOver = false
  #finish: (error: ProblemError) => void = () => {}
  #welcome: () => void = () => {}

  constructor(url: URL, options: ConnectionOptions) {
    this.#options = options
    this.closed = new Promise((resolve) => {
      this.#finish = resolve
    })
    this.welcomed = new Promise((resolve, reject) => {
      this.#welcome = resolve
      void this.closed.then(reject)
    })
    // Who only waits for the close must not be ended by a welcome that never came.
    this.welcomed.catch(() => {})
    this.#deathWatch = this.#watch(options.connectTimeoutMs, () => this.#die(options.connectTimeoutMs))
    this.#socket = this.#open(url)
  }

  /** Text that a closed connection no longer takes is dropped: who sent it hears of the close. */
  send(text: string): void {
    if (!this.#isOver) this.#socket.send(text)
  }

  /** Bytes that were sent and have not left yet. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount
  }

  close(): void {
    this.refuse(connectionFailed('The socket was closed on this side.'))
  }

  /** Ends the connection, with `error` as the reason. */
  refuse(error: ProblemError): void {
    if (this.#isOver) return
    this.#over(error)
    this.#socket.close(closeCode.normal)
  }

  #open(url: URL): WebSocketLike {
    const socket = this.#construct(url)
    socket.onopen = () => {
      this.isUpgraded = true
      if (socket.protocol !== subprotocol)
        this.refuse(answerMalformed(`The socket speaks no ${subprotocol}.`))
    }
    socket.onmessage = (event: { readonly data: unknown }) => this.#frame(event.data)
    // The event says nothing that programs may know; a close follows it. Left without a handler, `ws` throws.
    socket.onerror = () => {}
    socket.onclose = (event: { readonly code: number; readonly reason: unknown }) => {
      this.#over(this.#closeError(event.code, String(event.reason)))
    }
    return socket
  }

  /** @throws ProblemError when the runtime refuses by itself, as browsers do for ws: on a page of https: */
  #construct(url: URL): WebSocketLike {
    try {
      return new this.#options.webSocket(url.href, subprotocol)
    } catch (error) {
      this.#deathWatch.stop()
      const detail = `This runtime opens no socket to ${url.href}. Does a page of https: ask for http:?`
      throw new ProblemError('connection-failed', detail, { cause: error })
    }
  }

  #frame(data: unknown): void {
    if (this.#isOver) return
    this.#pingWatch?.heard()
    this.#deathWatch.heard()
    try {
      const envelope = parseServerEnvelope(typeof data === 'string' ? data : '')
      if (envelope.type === 'welcome') this.#welcomedWith((envelope as OtherEnvelope).fields)
      else if (envelope.type === 'goaway') this.#retryAfterMs = milliseconds(envelope as OtherEnvelope)
      this.#options.onEnvelope(envelope)
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      this.refuse(error)
    }
  }

  #welcomedWith(fields: Readonly<Record<string, unknown>>): void {
    const { heartbeatMs } = fields
    this.#deathWatch.stop()
    const limitMs = typeof heartbeatMs === 'number' && heartbeatMs > 0 ? heartbeatMs : 15_000
    this.#heartbeatMs = limitMs
    this.#deathWatch = this.#watch(2 * limitMs, () => this.#die(2 * limitMs))
    this.#armPing()
    this.#welcome()
  }

  #armPing(): void {
    this.#pingWatch = this.#watch(this.#heartbeatMs as number, () => {
      this.send(pingText)
      this.#armPing()
    })
  }

  #watch(limitMs: number, onSilence: () => void): SilenceWatch {
    return new SilenceWatch(this.#options.clock, limitMs, onSilence)
  }

  #die(silentMs: number): void {
    this.#over(connectionFailed(`The socket was silent for ${silentMs} ms.`))
    // A close handshake needs an answer, and nobody is there to give it.
    if (this.#socket.terminate) this.#socket.terminate()
    else this.#socket.close()
  }

  #closeError(code: number, reason: string): ProblemError {
    const detail = `The socket was closed (${code}${reason === '' ? '' : ` ${reason}`}).`
    if (this.#retryAfterMs === undefined) return connectionFailed(detail)
    return new ProblemError('server-stopping', detail, {
      isTransient: true,
      facts: { retryAfterSeconds: this.#retryAfterMs / 1000 },
    })
  }

  #over(error: ProblemError): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#pingWatch?.stop()
    this.#deathWatch.stop()
    this.#finish(error)
  }
}

function milliseconds(goaway: OtherEnvelope): number {
  const { retryAfterMs } = goaway.fields
  return typeof retryAfterMs === 'number' ? retryAfterMs : 0
}
