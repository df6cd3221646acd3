import { earliestOffsetHeader, type SpokenMessage } from '@tidings/protocol'
import { Asking, answerTimeoutMs } from './asking.js'
import { Backoff } from './backoff.js'
import { type EventSourceLike, eventSourceClosed } from './browser.js'
import { parseMessage, payloadBytesOf } from './lab-message.js'
import type { LaneOptions, LanePlace, OpenLane, RunningLane } from './lane.js'
import { wait } from './wait.js'

export const openSse: OpenLane = (options) => new SseLane(options)

/**
 * Server-Sent Events through an EventSource: the browser reads the stream, comes back by itself when it is cut, and
 * says with `Last-Event-ID` where it was: each event's id is the offset after it.
 *
 * It gives up for good at an answer that is no event stream, and does not tell which (a 410, a proxy's 502). So the lane
 * asks with a HEAD what is left, and makes another after a wait.
 *
 * @see HTML standard, Server-sent events §9.2; docs/protocol.md, `events=message`
 */
class SseLane implements RunningLane {
  readonly way = 'sse'
  readonly #options: LaneOptions
  readonly #asking: Asking
  readonly #backoff: Backoff
  readonly #lifetime = new AbortController()
  #offset: string
  #source: EventSourceLike | undefined
  /** Ends the present source. */
  #end: () => void = () => {}

  constructor(options: LaneOptions) {
    this.#options = options
    this.#asking = new Asking(this.way, options)
    this.#backoff = new Backoff(options.browser.random)
    this.#offset = options.place.offset
    this.#open()
  }

  get place(): LanePlace {
    return { offset: this.#offset }
  }

  say(message: SpokenMessage): Promise<void> {
    return this.#asking.post(message)
  }

  useSettings(): void {
    // None of them is about a stream.
  }

  stop(): void {
    if (this.#lifetime.signal.aborted) return
    this.#lifetime.abort()
    this.#source?.close()
    this.#end()
  }

  #open(): void {
    const { ask, url } = this.#asking.next({ live: 'sse', events: 'message', offset: this.#offset })
    let isOver = false
    this.#asking.observe('asked', ask)
    const source = new this.#options.browser.EventSource(url.href)
    this.#source = source
    this.#end = () => {
      if (!isOver) this.#asking.observe('ended', ask)
      isOver = true
    }
    source.onopen = () => {
      isOver = false
      this.#asking.observe('answered', ask)
    }
    source.onmessage = (event) => this.#take(event, ask)
    source.onerror = () => {
      this.#end()
      if (source.readyState === eventSourceClosed) void this.#openAgain()
    }
  }

  async #openAgain(): Promise<void> {
    const { signal } = this.#lifetime
    await wait(this.#backoff.failed(), signal)
    if (signal.aborted) return
    const earliest = await this.#askEarliest(signal)
    // Offsets sort as texts. Where retention has passed the lane's own, it goes on with what is left.
    if (earliest !== undefined && earliest > this.#offset) this.#offset = earliest
    if (!signal.aborted) this.#open()
  }

  async #askEarliest(signal: AbortSignal): Promise<string | undefined> {
    const { ask, url } = this.#asking.next({})
    const patience = AbortSignal.any([signal, AbortSignal.timeout(answerTimeoutMs)])
    this.#asking.observe('asked', ask)
    try {
      const { headers } = await this.#options.browser.fetch(url, { method: 'HEAD', signal: patience })
      this.#asking.observe('answered', ask)
      return headers.get(earliestOffsetHeader) ?? undefined
    } catch {
      // The server is not there now: the EventSource that follows will find out as well.
      this.#asking.observe('ended', ask)
      return undefined
    }
  }

  #take({ data, lastEventId }: MessageEvent, ask: number): void {
    // An event that was on its way to us when the lane was stopped.
    if (this.#lifetime.signal.aborted) return
    const atMs = this.#asking.observe('heard', ask)
    this.#backoff.succeeded()
    if (lastEventId !== '') this.#offset = lastEventId
    const message = parseMessage(String(data))
    if (message) this.#options.heard(message, payloadBytesOf(message), atMs)
  }
}
