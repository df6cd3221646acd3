import type { SpokenMessage } from '@tidings/protocol'
import type { LaneSettings } from '../workload/lane-settings.js'
import { Asking, answerTimeoutMs } from './asking.js'
import { Backoff } from './backoff.js'
import { payloadBytesOf } from './lab-message.js'
import type { LaneOptions, LanePlace, OpenLane, RunningLane } from './lane.js'
import { type PollResult, pollOnce } from './poll.js'
import { wait } from './wait.js'

export const openShortPoll: OpenLane = (options) => new ShortPollLane(options)

/**
 * Short polling: ask what is new, wait for the interval, ask again; at once while there is more than came.
 *
 * An empty answer's ETag goes back as `If-None-Match`, so that the next empty answer is a bare 304. A browser's cache
 * does the same for a URL that it has asked before; here each has another tag of the lane, so it is done by hand.
 *
 * @see Durable Streams §5.6, §10.1; RFC 9110 §13.1.2
 */
class ShortPollLane implements RunningLane {
  readonly way = 'short-poll'
  readonly #options: LaneOptions
  readonly #asking: Asking
  readonly #lifetime = new AbortController()
  #settings: LaneSettings
  #offset: string
  #emptyTag: string | undefined

  constructor(options: LaneOptions) {
    this.#options = options
    this.#asking = new Asking(this.way, options)
    this.#settings = options.settings
    this.#offset = options.place.offset
    void this.#run(this.#lifetime.signal)
  }

  get place(): LanePlace {
    return { offset: this.#offset }
  }

  say(message: SpokenMessage): Promise<void> {
    return this.#asking.post(message, !this.#settings.isKeptAlive)
  }

  useSettings(settings: LaneSettings): void {
    this.#settings = settings
  }

  stop(): void {
    this.#lifetime.abort()
  }

  async #run(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(this.#options.browser.random)
    while (!signal.aborted) {
      const result = await this.#ask(signal)
      if (signal.aborted) return
      if (result.kind === 'trouble') {
        this.#emptyTag = undefined
        this.#offset = result.earliestOffset ?? this.#offset
        await wait(backoff.failed(), signal)
        continue
      }
      backoff.succeeded()
      this.#take(result)
      if (result.isClosed) return
      // An empty answer waits even where there is said to be more: it must not be asked for in a spin.
      if (result.isUpToDate || result.messages.length === 0) await wait(this.#settings.pollIntervalMs, signal)
    }
  }

  #ask(signal: AbortSignal): Promise<PollResult> {
    return pollOnce(this.#asking, this.#options.browser.fetch, {
      query: { offset: this.#offset },
      ...(this.#emptyTag !== undefined && { headers: { 'if-none-match': this.#emptyTag } }),
      isFresh: !this.#settings.isKeptAlive,
      timeoutMs: answerTimeoutMs,
      signal,
    })
  }

  #take({ messages, nextOffset, entityTag, atMs }: PollResult & { kind: 'answer' }): void {
    // A tag holds for what was asked: after a message, and after `-1`, the next question is another.
    const isSameQuestion = nextOffset === undefined || nextOffset === this.#offset
    this.#emptyTag = isSameQuestion && messages.length === 0 ? (entityTag ?? this.#emptyTag) : undefined
    this.#offset = nextOffset ?? this.#offset
    for (const message of messages) this.#options.heard(message, payloadBytesOf(message), atMs)
  }
}
