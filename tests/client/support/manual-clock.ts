import type { Clock } from '@tidings/client/ways'

interface Timer {
  readonly dueMs: number
  readonly delayMs: number
  readonly action: () => void
}

/** A clock that stands still until the test moves it. */
export class ManualClock implements Clock {
  #nowMs = 0
  #timers = new Set<Timer>()
  #watchers = new Set<() => void>()

  now(): number {
    return this.#nowMs
  }

  after(delayMs: number, action: () => void): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, delayMs, action }
    this.#timers.add(timer)
    for (const look of [...this.#watchers]) look()
    return () => this.#timers.delete(timer)
  }

  /** Resolves when a timer of this delay is running: somebody waits for it. */
  waiting(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (![...this.#timers].some((timer) => timer.delayMs === delayMs)) return
        this.#watchers.delete(look)
        resolve()
      }
      this.#watchers.add(look)
      look()
    })
  }

  /** The delays of the timers that are running, milliseconds, shortest first. */
  get delays(): number[] {
    return [...this.#timers].map((timer) => timer.delayMs).sort((one, other) => one - other)
  }

  /** Moves on by `ms`, and runs what becomes due in order. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms
    for (;;) {
      const due = [...this.#timers]
        .filter((timer) => timer.dueMs <= endMs)
        .sort((one, other) => one.dueMs - other.dueMs)[0]
      if (due === undefined) break
      this.#nowMs = Math.max(this.#nowMs, due.dueMs)
      this.#timers.delete(due)
      due.action()
    }
    this.#nowMs = endMs
  }

  /** Waits until a timer of this delay runs, and lets it be due. */
  async pass(delayMs: number): Promise<void> {
    await this.waiting(delayMs)
    this.advance(delayMs)
  }
}
