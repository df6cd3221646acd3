import { encodeChannelName, path } from '@tidings/protocol'
import { SequenceCheck } from '../figures/index.js'
import { type Browser, type BrowserSocket, parseMessage, socketUrlOf } from '../lanes/index.js'
import type { NaiveState } from './states.js'

/** From a close to the next attempt, milliseconds. */
const reconnectMs = 500

export interface NaiveSocketOptions {
  readonly browser: Browser
  /** The run's faulty line, ending in a slash: a path, or a URL. */
  readonly line: string
  readonly channel: string
  readonly onChange: () => void
}

/**
 * What many write: a WebSocket, and when it closes, another one. It hears what comes while it is connected, and
 * nothing of what came between: that is lost, and its check counts it.
 */
export class NaiveSocket {
  readonly #options: NaiveSocketOptions
  readonly #check = new SequenceCheck()
  #connects = 0
  #doing = 'connecting'
  #isStopped = false
  #socket: BrowserSocket | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(options: NaiveSocketOptions) {
    this.#options = options
    this.#connect()
  }

  get state(): NaiveState {
    const { heard, lost, twice, outOfOrder } = this.#check
    return { heard, lost, twice, outOfOrder, connects: this.#connects, doing: this.#doing }
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
    this.#socket?.close()
    this.#does('stopped')
  }

  #connect(): void {
    const { browser, channel, line } = this.#options
    const url = new URL(`${line}naive${path.stream}${encodeChannelName(channel)}`, browser.origin)
    url.search = '?live=websocket&offset=now'
    const socket = new browser.WebSocket(socketUrlOf(url))
    this.#socket = socket
    this.#does('connecting')
    socket.onopen = () => {
      this.#connects += 1
      this.#does('hearing')
    }
    socket.onmessage = ({ data }: { readonly data: unknown }) => this.#take(String(data))
    // A close follows.
    socket.onerror = () => {}
    socket.onclose = () => {
      if (this.#isStopped) return
      this.#does('reconnecting')
      this.#timer = setTimeout(() => this.#connect(), reconnectMs)
    }
  }

  #take(text: string): void {
    const message = parseMessage(text)
    if (this.#isStopped || message === undefined || !('n' in message)) return
    this.#check.hear(message.n)
    this.#options.onChange()
  }

  #does(doing: string): void {
    this.#doing = doing
    this.#options.onChange()
  }
}
