import { beginning, labLimits, type Way, ways } from '@tidings/protocol'
import type { FigureBook } from '../figures/index.js'
import {
  type Browser,
  type LabMessage,
  type LanePlace,
  NotSaid,
  type OpenLane,
  type RunningLane,
} from '../lanes/index.js'
import type { RunRecord } from '../record/index.js'
import { Spoken } from './spoken.js'
import type { LaneSettings } from './types.js'

export interface LaneGroupOptions {
  readonly browser: Browser
  readonly openLane: Readonly<Record<Way, OpenLane>>
  readonly settings: LaneSettings
  readonly record: RunRecord
  readonly figures: FigureBook
  /** To be added to the page's time to have the server's, milliseconds; known before the lanes begin. */
  readonly clockOffsetMs: () => number
  readonly onChange: () => void
}

/** The four lanes of a run: which of them hear, where the others would go on, and what is done with what they hear. */
export class LaneGroup {
  readonly #options: LaneGroupOptions
  readonly #spoken: Spoken
  readonly #running = new Map<Way, RunningLane>()
  /** Where stopped lanes go on. */
  readonly #places = new Map<Way, LanePlace>()
  /** What is to run as soon as there is a channel: all, unless it is said otherwise before. */
  readonly #wanted = new Set<Way>(ways)
  #settings: LaneSettings
  #channel: string | undefined
  #lastAsk = 0
  #isOver = false

  constructor(options: LaneGroupOptions) {
    this.#options = options
    this.#settings = options.settings
    this.#spoken = new Spoken(options.browser.random)
  }

  /** All begin at the same moment, at the beginning of a channel that is new. */
  begin(channel: string): void {
    this.#channel = channel
    for (const way of this.#wanted) this.start(way)
  }

  isRunning(way: Way): boolean {
    return this.#running.has(way)
  }

  /** It goes on where it was stopped. */
  start(way: Way): void {
    this.#wanted.add(way)
    const channel = this.#channel
    if (channel === undefined || this.#isOver || this.#running.has(way)) return
    const { browser, openLane, record, figures, onChange } = this.#options
    figures.began(way, browser.now())
    const lane = openLane[way]({
      browser,
      channel,
      place: this.#places.get(way) ?? { offset: beginning },
      settings: this.#settings,
      nextAsk: () => {
        this.#lastAsk += 1
        return this.#lastAsk
      },
      observe: (observation) => {
        record.observe(observation)
        onChange()
      },
      heard: (message, payloadBytes, atMs) => this.#heard(way, message, payloadBytes, atMs),
    })
    this.#running.set(way, lane)
    onChange()
  }

  stop(way: Way): void {
    this.#wanted.delete(way)
    const lane = this.#running.get(way)
    if (!lane) return
    this.#running.delete(way)
    this.#places.set(way, lane.place)
    lane.stop()
    this.#options.onChange()
  }

  /** For good. */
  end(): void {
    this.#isOver = true
    for (const way of ways) this.stop(way)
  }

  useSettings(settings: LaneSettings): void {
    this.#settings = settings
    for (const lane of this.#running.values()) lane.useSettings(settings)
  }

  /** @throws NotSaid */
  async say(way: Way, text: string): Promise<void> {
    const lane = this.#running.get(way)
    if (!lane) throw new NotSaid('This lane is stopped: start it to speak.')
    if (text.length > labLimits.messageBytes) {
      throw new NotSaid(`A message has at most ${labLimits.messageBytes} characters.`)
    }
    const message = this.#spoken.make(way, text, this.#options.browser.now())
    try {
      await lane.say(message)
    } catch (error) {
      this.#spoken.forget(message)
      throw error
    }
  }

  #heard(way: Way, message: LabMessage, payloadBytes: number, atMs: number): void {
    const { figures, clockOffsetMs, onChange } = this.#options
    if ('n' in message) {
      const delayMs = atMs + clockOffsetMs() - message.atMs
      figures.heard(way, { payloadBytes, atMs, n: message.n, delayMs })
    } else {
      figures.heard(way, { payloadBytes, atMs })
      const roundTripMs = this.#spoken.roundTripMs(way, message, atMs)
      if (roundTripMs !== undefined) figures.roundTrip(way, roundTripMs)
    }
    onChange()
  }
}
