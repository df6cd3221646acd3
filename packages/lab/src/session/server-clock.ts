import type { ClockEstimate } from '../record/types.js'
import { ClockSamples } from './clock-estimate.js'

/** Asked one after another when a run begins; then every so often. */
const firstQuestions = 5
const intervalMs = 10_000
/** Intervals without a word of any kind after which the server counts as gone. */
const maxSilentIntervals = 3
/** Questions that wait for an answer: a server whose page reads slowly leaves some out. */
const maxUnanswered = 8

export interface ServerClockOptions {
  readonly ask: (askedAtMs: number) => void
  /** The page's clock. */
  readonly now: () => number
  /** Nothing was heard for so long, milliseconds. Told once. */
  readonly onSilence: (silentMs: number) => void
}

/** Asks for the server's time, and estimates by it how far the clocks are apart. */
export class ServerClock {
  readonly #options: ServerClockOptions
  readonly #samples = new ClockSamples()
  /** When the questions without an answer were asked. */
  readonly #unanswered = new Set<number>()
  #answered = 0
  #silentIntervals = 0
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(options: ServerClockOptions) {
    this.#options = options
  }

  get estimate(): ClockEstimate | undefined {
    return this.#samples.estimate
  }

  /** The first questions are answered: a page that loads answers the first of them late. */
  get isSettled(): boolean {
    return this.#answered >= firstQuestions
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), intervalMs)
    this.#ask()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** The server has said something, whatever it was. */
  heard(): void {
    this.#silentIntervals = 0
  }

  /** @returns whether it was an answer to a question of ours: another one changes nothing */
  take(askedAtMs: number, serverAtMs: number): boolean {
    if (!this.#unanswered.delete(askedAtMs)) return false
    this.#samples.take(askedAtMs, serverAtMs, this.#options.now())
    this.#answered += 1
    if (this.#answered < firstQuestions) this.#ask()
    return true
  }

  #tick(): void {
    this.#silentIntervals += 1
    if (this.#silentIntervals < maxSilentIntervals) {
      this.#ask()
      return
    }
    this.stop()
    this.#options.onSilence(maxSilentIntervals * intervalMs)
  }

  #ask(): void {
    const askedAtMs = this.#options.now()
    this.#unanswered.add(askedAtMs)
    if (this.#unanswered.size > maxUnanswered) this.#forgetOldest()
    this.#options.ask(askedAtMs)
  }

  #forgetOldest(): void {
    for (const oldest of this.#unanswered) {
      this.#unanswered.delete(oldest)
      return
    }
  }
}
