import type { Problem } from '@tidings/protocol'
import type { AppendOutcome, AppendSettled } from './append.js'

interface Waiter {
  readonly settled: AppendSettled
  readonly result: AppendOutcome | Error
}

/**
 * How one commit ends. Publishers who wait for it are told one after the other, in the order in which they came;
 * after them whoever waits for the promise.
 *
 * Budget: one small object per append; no promise, no closure and no microtask.
 */
export class Settlement {
  readonly #onMistake: (error: unknown) => void
  #waiters: Waiter[] = []
  #isOver = false
  #failure: Problem | undefined
  #promise: Promise<void> | undefined
  #settlePromise: (() => void) | undefined

  /** @param onMistake hears what a publisher's own callback throws: the others are told all the same */
  constructor(onMistake: (error: unknown) => void) {
    this.#onMistake = onMistake
  }

  /** Publishers who wait for it. */
  get publishers(): number {
    return this.#waiters.length
  }

  /** Tells a publisher this result once the commit is kept, or why it could not be; at once when it is over. */
  tell(settled: AppendSettled, result: AppendOutcome | Error): void {
    const waiter = { settled, result }
    if (this.#isOver) this.#tellOne(waiter)
    else this.#waiters.push(waiter)
  }

  /** When the commit is kept; rejects when it could not be. Made only for who asks. */
  get promise(): Promise<void> {
    this.#promise ??= this.#makePromise()
    return this.#promise
  }

  /** @param failure why the commit could not be kept */
  end(failure?: Problem): void {
    this.#failure = failure
    // Who is told may ask again, and stands behind those who asked before.
    for (let next = 0; next < this.#waiters.length; next++) this.#tellOne(this.#waiters[next] as Waiter)
    this.#isOver = true
    // Its channels hold on to it until their next commit.
    this.#waiters = []
    this.#settlePromise?.()
  }

  #tellOne({ settled, result }: Waiter): void {
    try {
      settled(this.#failure ?? result)
    } catch (mistake) {
      this.#onMistake(mistake)
    }
  }

  #makePromise(): Promise<void> {
    const promise = new Promise<void>((keep, fail) => {
      const settle = () => (this.#failure ? fail(this.#failure) : keep())
      if (this.#isOver) settle()
      else this.#settlePromise = settle
    })
    // Somebody always waits, except for changes whose request is gone: their failure is told by `check`.
    promise.catch(() => {})
    return promise
  }
}
