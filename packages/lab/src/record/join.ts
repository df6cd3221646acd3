import { recordBounds } from './bounds.js'
import { setTimes, type TimedArrow } from './timed-arrow.js'
import type { ClockEstimate, ExchangeRecord } from './types.js'

/** The page hears what was on its way when an exchange ended within this time, milliseconds. */
const lateHearingMs = 250

interface WaitingArrow {
  /** Undefined for one whose bytes are not told. */
  readonly arrow: TimedArrow | undefined
  readonly exchange: ExchangeRecord
}

/** Joins the k-th arrow of one kind with the k-th time at which the page saw one. Either may come first. */
export class Pairing {
  readonly #clock: () => ClockEstimate | undefined
  #arrows: WaitingArrow[] = []
  #timesMs: number[] = []
  /** More of one side waits than can be, or nobody knows how many are missing: counting makes no sense any more. */
  #isOutOfStep = false

  constructor(clock: () => ClockEstimate | undefined) {
    this.#clock = clock
  }

  /** @param arrow undefined for one that must have been there and was not told */
  addArrow(arrow: TimedArrow | undefined, exchange: ExchangeRecord): void {
    if (this.#isOutOfStep) return
    this.#arrows.push({ arrow, exchange })
    this.#pair()
    if (this.#arrows.length > recordBounds.waiting) this.lose()
  }

  /** @param atMs by the page's clock */
  addTime(atMs: number): void {
    if (this.#isOutOfStep) return
    this.#timesMs.push(atMs)
    this.#pair()
    if (this.#timesMs.length > recordBounds.waiting) this.lose()
  }

  /** From here on no arrow can be told from its neighbours: their other ends stay guesses. */
  lose(): void {
    this.#isOutOfStep = true
    this.#arrows = []
    this.#timesMs = []
  }

  #pair(): void {
    while (this.#timesMs[0] !== undefined && this.#arrows[0] !== undefined) {
      const { arrow, exchange } = this.#arrows[0]
      const atMs = this.#timesMs[0]
      this.#arrows.shift()
      if (this.#wasOver(exchange, atMs)) continue
      this.#timesMs.shift()
      if (arrow === undefined) continue
      arrow.pageAtMs = atMs
      setTimes(arrow, this.#clock())
    }
  }

  /** What was sent on a connection that was lost before it arrived is never heard: the next one is. */
  #wasOver({ endedAtMs }: ExchangeRecord, atMs: number): boolean {
    const clock = this.#clock()
    if (endedAtMs === undefined || clock === undefined) return false
    return atMs + clock.offsetMs > endedAtMs + clock.errorMs + lateHearingMs
  }
}

/** What a page's request (and an EventSource's own repetitions of it) has to join. */
export class AskJoin {
  readonly asked: Pairing
  readonly answered: Pairing
  readonly heard: Pairing
  readonly said: Pairing

  constructor(clock: () => ClockEstimate | undefined) {
    this.asked = new Pairing(clock)
    this.answered = new Pairing(clock)
    this.heard = new Pairing(clock)
    this.said = new Pairing(clock)
  }
}
