import type { ProblemFacts } from '@tidings/protocol'
import { ProblemError } from '../problem-error.js'
import { type Clock, systemClock, wait } from './clock.js'

/** How long to wait before asking again after trouble, and how often to try. */
export interface BackoffSettings {
  /** The longest first wait, milliseconds. Default 250. */
  readonly baseMs: number
  /** The longest wait of all, milliseconds, unless the server asks for a longer one. Default 10,000. */
  readonly capMs: number
  /** Failures in a row after which the last one is thrown. Default: no end. */
  readonly maxAttempts: number
}

export const defaultBackoff: BackoffSettings = {
  baseMs: 250,
  capMs: 10_000,
  maxAttempts: Number.POSITIVE_INFINITY,
}

/** Told to `onRetry` before each wait. */
export interface RetryNotice {
  readonly error: ProblemError
  /** Failures in a row, from 1. */
  readonly attempt: number
  readonly waitMs: number
}

export interface RetryOptions {
  readonly backoff?: Partial<BackoffSettings>
  /** Hears of each failure that is tried again, before the wait. */
  readonly onRetry?: (notice: RetryNotice) => void
  readonly clock?: Clock
  /** From 0 (included) to 1 (excluded); default `Math.random`. */
  readonly random?: () => number
}

/** A server's wish beyond this is cut: a slip of a unit must not silence a reader for ever. */
export const longestWishMs = 3_600_000

export function wishMs({ retryAfterSeconds = 0 }: ProblemFacts): number {
  return Math.min(longestWishMs, retryAfterSeconds * 1000)
}

/**
 * Full jitter: anywhere between nothing and a limit that doubles with each failure, so that a thousand
 * clients that lost the same server do not come back together.
 *
 * @param attempt failures in a row, from 1
 * @see "Exponential Backoff And Jitter", AWS Architecture Blog, 2015
 */
export function backoffMs(settings: BackoffSettings, attempt: number, random: number): number {
  // The exponent is held below the point where doubling leaves the safe integers.
  const limitMs = Math.min(settings.capMs, settings.baseMs * 2 ** Math.min(attempt - 1, 30))
  return Math.round(limitMs * random)
}

/** Counts the failures of one loop that asks again, and waits between them. */
export class Retry {
  readonly #settings: BackoffSettings
  readonly #options: RetryOptions
  readonly #signal: AbortSignal
  #failures = 0

  constructor(signal: AbortSignal, options: RetryOptions) {
    this.#settings = { ...defaultBackoff, ...options.backoff }
    this.#options = options
    this.#signal = signal
  }

  /** What was asked for worked: the next failure is a first one again. */
  succeeded(): void {
    this.#failures = 0
  }

  /**
   * Waits before the next attempt, at least as long as the server asked for; returns early on abort.
   *
   * @throws error itself when it is not transient, or the attempts are used up
   */
  async afterFailure(error: unknown): Promise<void> {
    // An error that is not ours is a mistake in the program: asking again would hide it.
    if (!(error instanceof ProblemError) || !error.isTransient) throw error
    this.#failures += 1
    if (this.#failures > this.#settings.maxAttempts) throw error
    const { clock = systemClock, random = Math.random, onRetry } = this.#options
    const waitMs = Math.max(wishMs(error.facts), backoffMs(this.#settings, this.#failures, random()))
    if (this.#signal.aborted) return
    onRetry?.({ error, attempt: this.#failures, waitMs })
    await wait(clock, waitMs, this.#signal)
  }
}
