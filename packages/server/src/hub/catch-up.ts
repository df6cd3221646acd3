import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Batch } from '../log/index.js'
import { Encodings } from './encodings.js'
import type { EncodingContext, WireForm } from './wire-form.js'

/**
 * How much of a turn readers that are behind may take together, milliseconds: little, since a publish takes several
 * turns until it is heard, and what a socket is given bit by bit its reader takes while it is still in a cache.
 */
const leastSliceMs = 0.25
/** … and, where all else takes long, this part of what it takes: they get on, however busy the server is. */
const slicePart = 0.25

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
  readonly #encodings = new WeakMap<readonly Batch[], Encodings>()
  #isRunning = false

  /** @returns when the work is done; it must not wait for a connection */
  take(work: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ work, settle: (failure) => (failure ? reject(failure.error) : resolve()) })
      if (!this.#isRunning) void this.#run()
    })
  }

  /** What a page looks like on the wire. What does not reach the tail is encoded once per form. */
  encoded<Piece>(page: readonly Batch[], form: WireForm<Piece>, context: EncodingContext): Piece {
    if (context.isUpToDate) return form.encode(page, context)
    let encodings = this.#encodings.get(page)
    if (!encodings) {
      encodings = new Encodings()
      this.#encodings.set(page, encodings)
    }
    return encodings.of(form, page, context)
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    let untilMs = performance.now() + leastSliceMs
    while (this.#waiting.length > 0) {
      for (const { work, settle } of this.#waiting.splice(0)) {
        if (performance.now() >= untilMs) untilMs = await nextSlice()
        await work().then(
          () => settle(),
          (error: unknown) => settle({ error }),
        )
      }
      untilMs = await nextSlice()
    }
    this.#isRunning = false
  }
}

/** @returns until when it goes */
async function nextSlice(): Promise<number> {
  const sinceMs = performance.now()
  await nextTurn()
  const nowMs = performance.now()
  return nowMs + Math.max(leastSliceMs, (nowMs - sinceMs) * slicePart)
}
