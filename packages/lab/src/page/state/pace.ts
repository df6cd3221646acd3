/** What of the world a pace needs, so that a test can own it. */
export interface PaceClock {
  nowMs(): number
  setTimer(callback: () => void, ms: number): number
  clearTimer(timer: number): void
}

const browserClock: PaceClock = {
  nowMs: () => performance.now(),
  setTimer: (callback, ms) => setTimeout(callback, ms) as unknown as number,
  clearTimer: (timer) => clearTimeout(timer),
}

/**
 * Lets something happen at most once every `intervalMs`, however often it is asked for: the first time at once, and
 * once more after the last request, so that what is shown in the end is what is so in the end.
 */
export class Pace {
  readonly #intervalMs: number
  readonly #act: () => void
  readonly #clock: PaceClock
  #lastMs = Number.NEGATIVE_INFINITY
  #timer: number | undefined

  constructor(intervalMs: number, act: () => void, clock: PaceClock = browserClock) {
    this.#intervalMs = intervalMs
    this.#act = act
    this.#clock = clock
  }

  request(): void {
    if (this.#timer !== undefined) return
    const waitMs = this.#lastMs + this.#intervalMs - this.#clock.nowMs()
    if (waitMs <= 0) this.#run()
    else this.#timer = this.#clock.setTimer(() => this.#run(), waitMs)
  }

  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer)
    this.#timer = undefined
  }

  #run(): void {
    this.#timer = undefined
    this.#lastMs = this.#clock.nowMs()
    this.#act()
  }
}
