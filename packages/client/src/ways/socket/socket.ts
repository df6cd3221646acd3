import { problems, type SubscribeEnvelope, type UnsubscribeEnvelope } from '@tidings/protocol'
import { ProblemError, problemFromEnvelope } from '../../problem-error.js'
import { systemClock } from '../../time/clock.js'
import { Retry, type RetryOptions } from '../../time/retry.js'
import { serverUrl, socketUrl } from '../../wire/address.js'
import { answerSilenceMs, ask, type HttpOptions } from '../../wire/http.js'
import { type Start, startFields } from '../../wire/start.js'
import type { WebSocketConstructor } from '../../wire/websocket-like.js'
import { SocketConnection } from './connection.js'
import { isData, type OtherEnvelope, type RawData } from './server-envelope.js'

export interface SocketOptions extends HttpOptions, RetryOptions {
  /** Default: the runtime's own. Node 20 has none: give that of the package `ws`. */
  readonly webSocket?: WebSocketConstructor
  /** How long connecting may take, milliseconds, until the server's `welcome`. Default 10,000. */
  readonly connectTimeoutMs?: number
}

const defaultConnectTimeoutMs = 10_000

/** Who uses a socket: a subscription or a publisher. It records what it is told and never throws. */
export interface SocketUser {
  /** A connection stands: say again what the server has to know. */
  connected(): void
  /** The connection is gone; another one follows. */
  lost(): void
  /** No connection will follow. */
  failed(error: unknown): void
  received(envelope: RawData | OtherEnvelope): void
}

/**
 * One WebSocket for many subscriptions and publishers, with `tidings.v1`. It connects when the first of them
 * comes, reconnects while there are any, and closes when the last one has left.
 *
 * Give one to several readers and publishers to have them share it; they open their own otherwise. One
 * channel can be heard once per socket.
 */
export class TidingsSocket {
  readonly server: string
  readonly #options: SocketOptions
  readonly #users = new Set<SocketUser>()
  readonly #hearers = new Map<string, SocketUser>()
  /** Who waits for the answer to which publish; bounded by the publishers' windows. */
  readonly #askers = new Map<number, SocketUser>()
  /** Channels that were left, with the number of `unsubscribed` that are still to come. */
  readonly #leaving = new Map<string, number>()
  #connection: SocketConnection | undefined
  #isWelcomed = false
  #lastId = 0
  #lifetime: AbortController | undefined
  #retry: Retry | undefined

  constructor(server: string, options: SocketOptions = {}) {
    this.server = server
    this.#options = options
  }

  get isConnected(): boolean {
    return this.#isWelcomed
  }

  /** Bytes that were sent and have not left yet. */
  get bufferedBytes(): number {
    return this.#connection?.bufferedBytes ?? 0
  }

  /**
   * @param channel to hear; a publisher hears none
   * @throws ProblemError `subscription-exists` when another reader hears the channel on this socket
   */
  join(user: SocketUser, channel?: string): void {
    if (channel !== undefined) {
      if (this.#hearers.has(channel)) {
        const detail = `${channel} is heard on this socket already. Open another socket, or share the reader.`
        throw new ProblemError('subscription-exists', detail)
      }
      this.#hearers.set(channel, user)
    }
    this.#users.add(user)
    if (this.#lifetime === undefined) this.#start()
    else if (this.#isWelcomed) user.connected()
  }

  leave(user: SocketUser, channel?: string): void {
    if (!this.#users.delete(user)) return
    if (channel !== undefined) this.#hearers.delete(channel)
    for (const [id, asker] of this.#askers) if (asker === user) this.#askers.delete(id)
    if (this.#users.size === 0) this.#lifetime?.abort()
  }

  /** What is sent without a connection is dropped: `connected` is when everything is said anew. */
  send(text: string): void {
    if (this.#isWelcomed) this.#connection?.send(text)
  }

  subscribe(channel: string, start: Start): void {
    this.send(
      JSON.stringify({ type: 'subscribe', channel, ...startFields(start) } satisfies SubscribeEnvelope),
    )
  }

  /**
   * Until the server's `unsubscribed`, what comes from the channel is dropped: it belongs to the hearer that
   * has left, and another one, which starts elsewhere, may have come already. Then the present one is told.
   */
  unsubscribe(channel: string): void {
    if (!this.#isWelcomed) return
    this.#leaving.set(channel, (this.#leaving.get(channel) ?? 0) + 1)
    this.send(JSON.stringify({ type: 'unsubscribe', channel } satisfies UnsubscribeEnvelope))
  }

  /** @returns a number for a publish; the answer that carries it goes to `user` */
  nextId(user: SocketUser): number {
    this.#lastId += 1
    this.#askers.set(this.#lastId, user)
    return this.#lastId
  }

  #start(): void {
    const lifetime = new AbortController()
    this.#lifetime = lifetime
    this.#run(lifetime.signal).catch((error: unknown) => this.#fail(lifetime, error))
    lifetime.signal.addEventListener('abort', () => {
      this.#connection?.close()
      this.#connection = undefined
      this.#isWelcomed = false
      this.#forget()
      if (this.#lifetime === lifetime) this.#lifetime = undefined
    })
  }

  #fail(lifetime: AbortController, error: unknown): void {
    if (this.#lifetime !== lifetime) return
    const users = [...this.#users]
    this.#users.clear()
    this.#hearers.clear()
    this.#forget()
    lifetime.abort()
    for (const user of users) user.failed(error)
  }

  /** Answers that the gone connection owed. */
  #forget(): void {
    this.#askers.clear()
    this.#leaving.clear()
  }

  /** Connects again and again until `signal` aborts. @throws what asking again can not help */
  async #run(signal: AbortSignal): Promise<void> {
    const retry = new Retry(signal, this.#options)
    this.#retry = retry
    while (!signal.aborted) {
      let error: ProblemError
      try {
        error = await this.#connectOnce(signal)
      } catch (thrown) {
        if (!(thrown instanceof ProblemError)) throw thrown
        error = thrown
      }
      if (signal.aborted) return
      const wasWelcomed = this.#isWelcomed
      this.#isWelcomed = false
      this.#connection = undefined
      this.#forget()
      if (wasWelcomed) for (const user of this.#users) user.lost()
      await retry.afterFailure(error)
    }
  }

  /** @returns why the connection ended. @throws ProblemError when it did not come to stand */
  async #connectOnce(signal: AbortSignal): Promise<ProblemError> {
    const connection = new SocketConnection(socketUrl(this.server), {
      webSocket: this.#webSocket(),
      clock: this.#options.clock ?? systemClock,
      connectTimeoutMs: this.#options.connectTimeoutMs ?? defaultConnectTimeoutMs,
      onEnvelope: (envelope) => this.#dispatch(envelope),
    })
    this.#connection = connection
    try {
      await connection.welcomed
    } catch (error) {
      if (!connection.isUpgraded && !signal.aborted) await this.#askWhy(signal)
      throw error
    }
    return connection.closed
  }

  /**
   * A WebSocket client is not told with which status an upgrade was refused. The same URL without an upgrade
   * tells: 426 when sockets are welcome there (then it is the network that does not like them), else why not.
   *
   * @throws ProblemError that is permanent
   */
  async #askWhy(signal: AbortSignal): Promise<void> {
    const url = serverUrl(this.server, new URL(socketUrl('http://any')).pathname)
    try {
      await ask(url, { signal, silenceMs: answerSilenceMs }, this.#options)
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      if (error.status !== problems['upgrade-required'].status && !error.isTransient) throw error
    }
  }

  #webSocket(): WebSocketConstructor {
    const webSocket = this.#options.webSocket ?? (globalThis.WebSocket as WebSocketConstructor | undefined)
    if (webSocket !== undefined) return webSocket
    const detail = 'This runtime has no WebSocket: give one as the option webSocket, or hear over SSE.'
    throw new ProblemError('websocket-missing', detail)
  }

  #dispatch(envelope: RawData | OtherEnvelope): void {
    if (envelope.type === 'data' || envelope.type === 'published') this.#retry?.succeeded()
    if (isData(envelope)) this.#toHearer(envelope.channel, envelope)
    else if (envelope.type === 'welcome') this.#welcomed()
    else if (typeof envelope.fields.id === 'number') this.#toAsker(envelope.fields.id, envelope)
    else if (envelope.channel !== undefined) this.#toHearer(envelope.channel, envelope)
    // The server could not tell what this is about: nothing on this connection is certain any more.
    else if (envelope.type === 'error') this.#connection?.refuse(problemFromEnvelope(envelope.fields))
  }

  #welcomed(): void {
    this.#isWelcomed = true
    for (const user of [...this.#users]) user.connected()
  }

  #toAsker(id: number, envelope: OtherEnvelope): void {
    const asker = this.#askers.get(id)
    this.#askers.delete(id)
    asker?.received(envelope)
  }

  #toHearer(channel: string, envelope: RawData | OtherEnvelope): void {
    const owed = this.#leaving.get(channel)
    if (owed !== undefined) {
      if (envelope.type !== 'unsubscribed') return
      if (owed > 1) {
        this.#leaving.set(channel, owed - 1)
        return
      }
      this.#leaving.delete(channel)
    }
    this.#hearers.get(channel)?.received(envelope)
  }
}
