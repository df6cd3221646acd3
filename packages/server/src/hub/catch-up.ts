import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Batch } from '../log/index.js'
import type { EncodingContext, WireForm } from './wire-form.js'

/** How much of a turn of the event loop readers that are behind may take together, milliseconds. */
const turnMs = 4

interface Step {
  readonly work: () => Promise<void>
  readonly settle: (failure?: { readonly error: unknown }) => void
}

/**
 * Where readers that are behind wait for their next step. A thousand that replay a channel take a small share of
 * each turn, one after the other, and those at the tail, publishers and polls get the rest of it.
 *
 * Budget: per step one read, which the log's cache shares, and one write of bytes that are encoded once for all
 * who replay the same page (bench/catch-up).
 */
export class CatchUp {
  readonly #waiting: Step[] = []
  readonly #encodings = new WeakMap<readonly Batch[], Map<WireForm<unknown>, unknown>>()
  #isRunning = false

  /** @returns when the work is done; it must not wait for a connection */
  take(work: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ work, settle: (failure) => (failure ? reject(failure.error) : resolve()) })
      if (!this.#isRunning) void this.#run()
    })
  }

  /** What a page looks like on the wire. One that does not reach the tail is encoded once per form. */
  encoded<Piece>(page: readonly Batch[], form: WireForm<Piece>, context: EncodingContext): Piece {
    if (context.isUpToDate) return form.encode(page, context)
    let encodings = this.#encodings.get(page)
    if (!encodings) {
      encodings = new Map()
      this.#encodings.set(page, encodings)
    }
    // What stands under a form is what that form made.
    const known = encodings.get(form) as Piece | undefined
    if (known !== undefined) return known
    const piece = form.encode(page, context)
    encodings.set(form, piece)
    return piece
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    while (this.#waiting.length > 0) {
      const round = this.#waiting.splice(0)
      let untilMs = performance.now() + turnMs
      for (const { work, settle } of round) {
        if (performance.now() >= untilMs) {
          await nextTurn()
          untilMs = performance.now() + turnMs
        }
        await work().then(
          () => settle(),
          (error: unknown) => settle({ error }),
        )
      }
      await nextTurn()
    }
    this.#isRunning = false
  }
}
