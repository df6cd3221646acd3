/**
 * Time as a parameter, so that a test can own it.
 */
export interface Clock {
  /** Milliseconds from some fixed moment; never goes back. */
  now(): number
  /** Runs `action` once, `delayMs` from now. @returns what cancels it */
  after(delayMs: number, action: () => void): () => void
}

/** Node and browsers keep a timer's delay in 31 bits and fire at once beyond that. */
const longestDelayMs = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, Math.min(delayMs, longestDelayMs))
    return () => clearTimeout(timer)
  },
}

/** Waits for `delayMs`, or until `signal` aborts: then it returns early and does not throw. */
export function wait(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || delayMs <= 0) return Promise.resolve()
  return new Promise((resolve) => {
    const finish = () => {
      cancel()
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const cancel = clock.after(delayMs, finish)
    signal.addEventListener('abort', finish)
  })
}

/**
 * Calls `onSilence` once, when nothing was heard for `limitMs`. Hearing costs one assignment, not a timer:
 * the timer that runs looks how long it really has been and goes on for the rest.
 */
export class SilenceWatch {
  readonly #clock: Clock
  limitMs: number
  readonly #onSilence: () => void
  #lastHeardMs: number
  #isPaused = false
  #cancel: () => void

  constructor(clock: Clock, limitMs: number, onSilence: () => void) {
    this.#clock = clock
    this.limitMs = limitMs
    this.#onSilence = onSilence
    this.#lastHeardMs = clock.now()
    this.#cancel = clock.after(limitMs, () => this.#look())
  }

  heard(): void {
    this.#lastHeardMs = this.#clock.now()
  }

  /** Nobody listens for a while, so that nothing heard means nothing. */
  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.heard()
  }

  stop(): void {
    this.#cancel()
  }

  #look(): void {
    if (this.#isPaused) this.heard()
    const restMs = this.#lastHeardMs + this.limitMs - this.#clock.now()
    if (restMs > 0) this.#cancel = this.#clock.after(restMs, () => this.#look())
    else this.#onSilence()
  }
}
