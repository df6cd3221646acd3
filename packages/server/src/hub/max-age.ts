import { DueQueue } from './due-queue.js'

/** A connection that is to end by itself after a while. */
export interface Ageing {
  /** Its time is over: end, so that the reader comes back elsewhere. Called once, unless it was taken out before. */
  endOfAge(): void
}

/** Connections that one turn of the event loop ends at most: a write and its end take about 10 µs. */
const endsPerTurn = 500

/** Ends connections after a time that is the same for all of them. */
export class MaxAge {
  readonly #queue: DueQueue<Ageing> | undefined

  /** @param options `maxAgeMs` 0: they grow as old as they like */
  constructor({ maxAgeMs }: { maxAgeMs: number }) {
    if (maxAgeMs === 0) return
    this.#queue = new DueQueue({
      afterMs: maxAgeMs,
      togetherMs: 0,
      mostPerTurn: endsPerTurn,
      serve: (member) => member.endOfAge(),
    })
  }

  add(member: Ageing): void {
    this.#queue?.add(member)
  }

  delete(member: Ageing): void {
    this.#queue?.delete(member)
  }

  stop(): void {
    this.#queue?.stop()
  }
}
