import type { SpokenMessage } from '@tidings/protocol'
import { Asking, type Query } from './asking.js'
import { Backoff } from './backoff.js'
import { type BrowserSocket, socketOpen, socketUrlOf } from './browser.js'
import { parseMessage, payloadBytesOf } from './lab-message.js'
import { type LaneOptions, type LanePlace, NotSaid, type OpenLane, type RunningLane } from './lane.js'
import { SocketMemory } from './socket-memory.js'
import { wait } from './wait.js'

/** A socket that stood for so long, or brought a message, was no failure, milliseconds. */
const soundMs = 5_000

export const openWebSocket: OpenLane = (options) => new WebSocketLane(options)

/**
 * A WebSocket in plain mode: each message is one frame, in and out.
 *
 * Plain mode tells no offsets. When the socket is cut, another asks for what was kept since the time of the last
 * message, and what comes twice is dropped (`socket-memory.ts`).
 *
 * @see RFC 6455; docs/protocol.md, WebSocket, plain mode
 */
class WebSocketLane implements RunningLane {
  readonly way = 'websocket'
  readonly #options: LaneOptions
  readonly #asking: Asking
  readonly #backoff: Backoff
  readonly #memory: SocketMemory
  readonly #lifetime = new AbortController()
  #socket: BrowserSocket | undefined
  /** The request of the socket that is open, or opening. */
  #ask: number | undefined

  constructor(options: LaneOptions) {
    this.#options = options
    this.#asking = new Asking(this.way, options)
    this.#backoff = new Backoff(options.browser.random)
    this.#memory = options.place.memory ?? new SocketMemory()
    this.#open()
  }

  get place(): LanePlace {
    return { offset: this.#options.place.offset, memory: this.#memory }
  }

  async say(message: SpokenMessage): Promise<void> {
    if (this.#socket?.readyState !== socketOpen || this.#ask === undefined) {
      throw new NotSaid('The socket is not open now.')
    }
    this.#asking.observe('said', this.#ask)
    this.#socket.send(JSON.stringify(message))
  }

  useSettings(): void {
    // None of them is about a socket.
  }

  stop(): void {
    if (this.#lifetime.signal.aborted) return
    this.#lifetime.abort()
    this.#socket?.close()
    if (this.#ask !== undefined) this.#asking.observe('ended', this.#ask)
  }

  #open(): void {
    const { ask, url } = this.#asking.next({ live: 'websocket', ...this.#start() })
    let openedAtMs: number | undefined
    let hasHeard = false
    this.#ask = ask
    this.#asking.observe('asked', ask)
    const socket = new this.#options.browser.WebSocket(socketUrlOf(url))
    this.#socket = socket
    socket.onopen = () => {
      openedAtMs = this.#asking.observe('answered', ask)
    }
    socket.onmessage = ({ data }: { readonly data: unknown }) => {
      hasHeard = true
      this.#take(String(data), ask)
    }
    // A close follows; what went wrong is not told to pages.
    socket.onerror = () => {}
    socket.onclose = () => {
      if (this.#lifetime.signal.aborted) return
      this.#ask = undefined
      const endedAtMs = this.#asking.observe('ended', ask)
      const stoodMs = openedAtMs === undefined ? 0 : endedAtMs - openedAtMs
      if (hasHeard || stoodMs > soundMs) this.#backoff.succeeded()
      void this.#openAgain()
    }
  }

  #start(): Query {
    const { since } = this.#memory
    return since === undefined ? { offset: this.#options.place.offset } : { since }
  }

  async #openAgain(): Promise<void> {
    await wait(this.#backoff.failed(), this.#lifetime.signal)
    if (!this.#lifetime.signal.aborted) this.#open()
  }

  #take(text: string, ask: number): void {
    // The other end may have said more before it took our close.
    if (this.#lifetime.signal.aborted) return
    const atMs = this.#asking.observe('heard', ask)
    const message = parseMessage(text)
    if (message && this.#memory.isNew(message)) this.#options.heard(message, payloadBytesOf(message), atMs)
  }
}
