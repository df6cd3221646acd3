import { path, subprotocol } from '@tidings/protocol'
import { answerMalformed, connectionFailed, ProblemError, problemFromEnvelope } from '../problem-error.js'
import { serverUrl } from '../wire/address.js'
import { startFields } from '../wire/start.js'
import type { WebSocketLike } from '../wire/websocket-like.js'
import { checked, problemOf } from './envelope.js'
import type { Envelope, Hearing, Link, LinkOwner } from './link.js'
import { type Network, stood, wasCut } from './network.js'

/** From one ping to the next at most, milliseconds: so that a socket of which only one half is open is known in seconds. */
const longestBeatMs = 10_000
/** A server that wishes less makes a mistake, milliseconds. */
const shortestBeatMs = 100

/**
 * WebSocket: the server pushes envelopes, many channels over one socket, and takes publishes on it. It is asked for
 * a sign of life again and again; without one within `answerMs` it is dead, whatever its state says.
 *
 * @see RFC 6455; docs/protocol.md, envelopes
 */
export function openWebSocket(owner: LinkOwner, network: Network): Link {
  return new WebSocketLink(owner, network)
}

class WebSocketLink implements Link {
  readonly way = 'websocket'
  readonly #owner: LinkOwner
  readonly #network: Network
  readonly #hearings = new Set<Hearing>()
  /** Channels that were left, with the number of `unsubscribed` that are still to come: until then it is the old hearing's. */
  readonly #leaving = new Map<string, number>()
  #socket: WebSocketLike | undefined
  #token: string | undefined
  #isUpgraded = false
  #isUp = false
  #isOver = false
  #heartbeatMs = longestBeatMs
  #retryAfterMs: number | undefined
  #lastFrameMs = 0
  #awaitsSign = false
  #cancel = () => {}

  constructor(owner: LinkOwner, network: Network) {
    this.#owner = owner
    this.#network = network
    void this.#open()
  }

  hear(hearing: Hearing): void {
    this.#hearings.add(hearing)
    if (this.#isUp) this.#subscribe(hearing)
  }

  leave(hearing: Hearing): void {
    const { channel } = hearing
    if (!this.#hearings.delete(hearing) || !this.#isUp) return
    this.#leaving.set(channel, (this.#leaving.get(channel) ?? 0) + 1)
    this.#say({ type: 'unsubscribe', channel })
  }

  probe(): void {
    // One that waits for its answer is not given more time by another.
    if (this.#isUp && !this.#awaitsSign) this.#ping()
  }

  send(text: string): void {
    if (!this.#isOver) this.#socket?.send(text)
  }

  close(): void {
    this.#isOver = true
    this.#cancel()
    const socket = this.#socket
    if (!socket) return
    // Nothing of it is wanted any more; `ws` throws what has no handler.
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.onerror = () => {}
    socket.close()
    // A close handshake needs an answer, and perhaps nobody is there to give it.
    socket.terminate?.()
  }

  async #open(): Promise<void> {
    const { clock, answerMs } = this.#network
    this.#cancel = clock.after(answerMs, () =>
      this.#fail(`The WebSocket was not welcomed in ${answerMs} ms.`),
    )
    try {
      const token = await this.#network.token()
      if (this.#isOver) return
      const url = serverUrl(this.#network.server, path.socket)
      url.protocol = url.protocol.replace('http', 'ws')
      const socket = new this.#network.webSocket(url.href, subprotocol)
      this.#socket = socket
      socket.onopen = () => {
        this.#isUpgraded = true
        if (socket.protocol !== subprotocol)
          this.#down(answerMalformed(`The socket speaks no ${subprotocol}.`))
        else this.#authorise(token)
      }
      socket.onmessage = ({ data }: { readonly data: unknown }) => this.#frame(data)
      socket.onerror = () => {}
      socket.onclose = ({ code }: { readonly code: number }) => void this.#closed(code)
    } catch (cause) {
      const detail = `This runtime opens no WebSocket to ${this.#network.server}.`
      // Never from within the constructor's turn: the owner does not have the link yet.
      queueMicrotask(() =>
        this.#down(cause instanceof ProblemError ? cause : connectionFailed(detail, cause)),
      )
    }
  }

  #frame(data: unknown): void {
    this.#lastFrameMs = this.#network.clock.now()
    if (this.#awaitsSign) this.#signed()
    try {
      this.#take(checked(JSON.parse(data as string)), (data as string).length)
    } catch (error) {
      this.#down(problemOf(error))
    }
  }

  #take(envelope: Envelope, length: number): void {
    const { type, id, channel } = envelope
    if (type === 'welcome') this.#welcomed(envelope)
    else if (type === 'goaway') this.#retryAfterMs = Number(envelope.retryAfterMs) || 0
    else if (type === 'unsubscribed' && channel) this.#unsubscribed(channel)
    else if (id !== undefined || channel) {
      if (id !== undefined || !this.#leaving.has(channel as string))
        this.#owner.received(this, envelope, length)
    } else if (type === 'error' && envelope.code !== 'not-implemented') {
      // What it is about could not be told: nothing on this socket is certain any more.
      const problem = problemFromEnvelope(envelope)
      if (problem.status === 401) this.#refused(problem)
      else this.#down(problem)
    }
  }

  #welcomed({ heartbeatMs }: Envelope): void {
    this.#isUp = true
    this.#heartbeatMs =
      heartbeatMs && heartbeatMs >= shortestBeatMs ? Math.min(heartbeatMs, longestBeatMs) : longestBeatMs
    this.#beat()
    for (const hearing of this.#hearings) this.#subscribe(hearing)
    this.#owner.up(this)
  }

  #beat(): void {
    const { clock, quietMs } = this.#network
    this.#cancel()
    this.#cancel = clock.after(Math.min(this.#heartbeatMs, quietMs / 2), () => this.#ping())
  }

  #ping(): void {
    const { clock, answerMs } = this.#network
    // Before the ping itself waits to be sent, as it does in browsers.
    const waiting = this.#socket?.bufferedAmount ?? 0
    this.#awaitsSign = true
    this.#say({ type: 'ping' })
    // Renewed before it expires; one that can not be had now is asked for again with the next ping.
    this.#network.token().then(
      (token) => this.#authorise(token),
      () => {},
    )
    this.#cancel()
    this.#cancel = clock.after(answerMs, () => {
      // A ping that stands in line behind what is being sent is not unanswered.
      if ((this.#socket?.bufferedAmount ?? 0) < waiting) this.#ping()
      else this.#fail(`The WebSocket was silent for ${answerMs} ms.`)
    })
  }

  #authorise(token: string | undefined): void {
    if (token !== this.#token) this.#say({ type: 'auth', token })
    this.#token = token
  }

  #refused(problem: ProblemError): void {
    this.#down(this.#network.refused() ? connectionFailed(problem.message, problem) : problem)
  }

  #signed(): void {
    this.#awaitsSign = false
    stood(this.#network)
    this.#owner.lasting(this)
    this.#beat()
  }

  #subscribe({ channel, start, withOffsets }: Hearing): void {
    this.#say({ type: 'subscribe', channel, ...startFields(start), ...(withOffsets && { offsets: true }) })
  }

  #unsubscribed(channel: string): void {
    const owed = (this.#leaving.get(channel) ?? 0) - 1
    if (owed > 0) this.#leaving.set(channel, owed)
    else this.#leaving.delete(channel)
  }

  #say(envelope: object): void {
    this.send(JSON.stringify(envelope))
  }

  /** A WebSocket client is not told why an upgrade was refused: the same URL without one tells (426: it is the network). */
  async #closed(code: number): Promise<void> {
    if (this.#isOver) return
    const { server, answerMs } = this.#network
    // What was closed in order (1000, 1001, 4401, …) was not cut.
    if (this.#isUp && code === 1006) wasCut(this.#network, this.#network.clock.now() - this.#lastFrameMs)
    const detail = `The WebSocket was closed (${code}).`
    if (code === 4401) return this.#refused(new ProblemError('token-refused', detail, { status: 401 }))
    if (this.#isUpgraded) return this.#fail(detail)
    try {
      await this.#network.ask(serverUrl(server, path.socket), { silenceMs: answerMs })
    } catch (error) {
      if (error instanceof ProblemError && error.status !== 426) return this.#down(error)
    }
    this.#fail('WebSocket upgrades do not pass between here and the server.')
  }

  #fail(detail: string): void {
    const isGoing = this.#retryAfterMs !== undefined
    const facts = { retryAfterSeconds: (this.#retryAfterMs ?? 0) / 1000 }
    this.#down(
      isGoing
        ? new ProblemError('server-stopping', detail, { isTransient: true, facts })
        : connectionFailed(detail),
    )
  }

  #down(error: ProblemError): void {
    if (this.#isOver) return
    this.close()
    this.#owner.down(this, error)
  }
}
