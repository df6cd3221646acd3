import type { SpokenMessage } from '@tidings/protocol'
import type { LaneSettings } from '../workload/lane-settings.js'
import { Asking, answerTimeoutMs } from './asking.js'
import { Backoff } from './backoff.js'
import { payloadBytesOf } from './lab-message.js'
import type { LaneOptions, LanePlace, OpenLane, RunningLane } from './lane.js'
import { type PollResult, pollOnce } from './poll.js'
import { wait } from './wait.js'

/**
 * From one request to the next when the answers are empty, milliseconds. A server that holds is asked again at once;
 * one that does not (or a proxy that answers for it) must not be asked in a spin.
 */
const minEmptyRoundMs = 250

export const openLongPoll: OpenLane = (options) => new LongPollLane(options)

/**
 * Long polling: ask, and the server answers when there is news or the hold time is over; ask again at once.
 *
 * @see RFC 6202 §2; Durable Streams §5.7
 */
class LongPollLane implements RunningLane {
  readonly way = 'long-poll'
  readonly #options: LaneOptions
  readonly #asking: Asking
  readonly #lifetime = new AbortController()
  #settings: LaneSettings
  #offset: string
  /** The caches' token of the last answer: no position. */
  #cursor: string | undefined

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
    const { browser } = this.#options
    const backoff = new Backoff(browser.random)
    while (!signal.aborted) {
      const askedAtMs = browser.now()
      const result = await this.#ask(signal)
      if (signal.aborted) return
      if (result.kind === 'trouble') {
        this.#offset = result.earliestOffset ?? this.#offset
        await wait(backoff.failed(), signal)
        continue
      }
      backoff.succeeded()
      this.#take(result)
      if (result.isClosed) return
      if (result.messages.length === 0) await wait(askedAtMs + minEmptyRoundMs - browser.now(), signal)
    }
  }

  #ask(signal: AbortSignal): Promise<PollResult> {
    const holdSeconds = Math.max(1, Math.round(this.#settings.holdSeconds))
    return pollOnce(this.#asking, this.#options.browser.fetch, {
      query: {
        live: 'long-poll',
        offset: this.#offset,
        cursor: this.#cursor,
        timeout: String(holdSeconds),
      },
      isFresh: !this.#settings.isKeptAlive,
      timeoutMs: holdSeconds * 1000 + answerTimeoutMs,
      signal,
    })
  }

  #take({ messages, nextOffset, cursor, atMs }: PollResult & { kind: 'answer' }): void {
    this.#offset = nextOffset ?? this.#offset
    this.#cursor = cursor
    for (const message of messages) this.#options.heard(message, payloadBytesOf(message), atMs)
  }
}
