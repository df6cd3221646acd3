import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Batch, Channel } from '../log/index.js'
import type { EncodingContext, WireForm } from './wire-form.js'

/** How much of a turn of the event loop readers that are behind may take together, milliseconds. */
const turnMs = 4

/** Batches that are encoded together, counted as reads count them, bytes: on the wire they may be several times that. */
const runBytes = 32 * 1024

/** Batches of a page, and what they are on the wire. */
export interface Run<Piece> {
  readonly batches: readonly Batch[]
  readonly piece: Piece
  /** The channel's end is told with them. */
  readonly isClosed: boolean
}

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
  readonly #encodings = new WeakMap<readonly Batch[], Map<WireForm<unknown>, readonly Run<unknown>[]>>()
  #isRunning = false

  /** @returns when the work is done; it must not wait for a connection */
  take(work: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ work, settle: (failure) => (failure ? reject(failure.error) : resolve()) })
      if (!this.#isRunning) void this.#run()
    })
  }

  /** What a page looks like on the wire. What does not reach the tail is encoded once per form. */
  runs<Piece>(page: readonly Batch[], form: WireForm<Piece>, channel: Channel): readonly Run<Piece>[] {
    const isUpToDate = page.at(-1)?.end === channel.keptTail
    if (isUpToDate) return encodedRuns(page, form, { channel, isUpToDate, isClosed: channel.keptClosed })
    let encodings = this.#encodings.get(page)
    if (!encodings) {
      encodings = new Map()
      this.#encodings.set(page, encodings)
    }
    // What stands under a form is what that form made.
    const known = encodings.get(form) as readonly Run<Piece>[] | undefined
    if (known) return known
    const runs = encodedRuns(page, form, { channel, isUpToDate: false, isClosed: false })
    encodings.set(form, runs)
    return runs
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

function encodedRuns<Piece>(
  page: readonly Batch[],
  form: WireForm<Piece>,
  atEnd: EncodingContext,
): Run<Piece>[] {
  const runs: Run<Piece>[] = []
  let first = 0
  let bytes = 0
  for (const [index, { heldBytes }] of page.entries()) {
    const isLast = index === page.length - 1
    bytes += heldBytes
    if (bytes < runBytes && !isLast) continue
    const batches = page.slice(first, index + 1)
    const context = isLast ? atEnd : { ...atEnd, isUpToDate: false, isClosed: false }
    runs.push({ batches, piece: form.encode(batches, context), isClosed: context.isClosed })
    first = index + 1
    bytes = 0
  }
  return runs
}
