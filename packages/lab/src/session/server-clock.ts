import type { ClockEstimate } from '../record/types.js'
import { ClockSamples } from './clock-estimate.js'

/** Asked one after another when a run begins; then every so often. */
const firstQuestions = 5
const intervalMs = 10_000
/** Questions without an answer after which the server counts as gone. */
const maxUnanswered = 3

export interface ServerClockOptions {
  readonly ask: (askedAtMs: number) => void
  /** The page's clock. */
  readonly now: () => number
  /** Nothing was answered for so long, milliseconds. Told once. */
  readonly onSilence: (silentMs: number) => void
}

/** Asks for the server's time, and estimates by it how far the clocks are apart. */
export class ServerClock {
  readonly #options: ServerClockOptions
  readonly #samples = new ClockSamples()
  /** When the questions without an answer were asked. */
  readonly #unanswered = new Set<number>()
  #answered = 0
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(options: ServerClockOptions) {
    this.#options = options
  }

  get estimate(): ClockEstimate | undefined {
    return this.#samples.estimate
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), intervalMs)
    this.#ask()
  }

  stop(): void {
    clearInterval(this.#timer)
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
    if (this.#unanswered.size < maxUnanswered) {
      this.#ask()
      return
    }
    this.stop()
    this.#options.onSilence(maxUnanswered * intervalMs)
  }

  #ask(): void {
    const askedAtMs = this.#options.now()
    this.#unanswered.add(askedAtMs)
    this.#options.ask(askedAtMs)
  }
}
