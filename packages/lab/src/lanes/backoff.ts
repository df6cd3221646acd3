/** The longest first wait, milliseconds. */
const baseMs = 250
/** The longest wait of all, milliseconds. */
const capMs = 10_000

/**
 * How long to wait before asking again: anywhere between nothing and a limit that doubles with each failure in a row
 * (full jitter), so that clients that lost the same server do not come back together.
 *
 * @see "Exponential Backoff And Jitter", AWS Architecture Blog, 2015
 */
export class Backoff {
  readonly #random: () => number
  #failures = 0

  /** @param random from 0 to 1 */
  constructor(random: () => number) {
    this.#random = random
  }

  /** What was asked for worked: the next failure is a first one again. */
  succeeded(): void {
    this.#failures = 0
  }

  /** @returns the wait after one more failure, milliseconds */
  failed(): number {
    const limitMs = Math.min(capMs, baseMs * 2 ** Math.min(this.#failures, 10))
    this.#failures += 1
    return limitMs * this.#random()
  }
}
