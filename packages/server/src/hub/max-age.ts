/** A connection that is to end by itself after a while. */
export interface Ageing {
  /** Its time is over: end, so that the reader comes back elsewhere. Called once, unless it was taken out before. */
  endOfAge(): void
}

/** Connections that one turn of the event loop ends at most: a write and its end take about 10 µs. */
const endsPerTurn = 500

/**
 * Ends connections after a time that is the same for all of them, so that they come due in the order in which they
 * came, and one timer does for all.
 */
export class MaxAge {
  readonly #maxAgeMs: number
  /** When each is due, by a clock that is never set back; the first to come is the first due. */
  readonly #members = new Map<Ageing, number>()
  #timer: NodeJS.Timeout | undefined

  /** @param maxAgeMs 0: they grow as old as they like */
  constructor(options: { maxAgeMs: number }) {
    this.#maxAgeMs = options.maxAgeMs
  }

  add(member: Ageing): void {
    if (this.#maxAgeMs === 0) return
    this.#members.set(member, performance.now() + this.#maxAgeMs)
    this.#timer ??= this.#wake(this.#maxAgeMs)
  }

  delete(member: Ageing): void {
    this.#members.delete(member)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#members.clear()
  }

  readonly #endThoseDue = (): void => {
    this.#timer = undefined
    const now = performance.now()
    let ended = 0
    for (const [member, dueMs] of this.#members) {
      if (dueMs > now || ended === endsPerTurn) {
        this.#timer = this.#wake(Math.max(0, dueMs - now))
        return
      }
      this.#members.delete(member)
      member.endOfAge()
      ended++
    }
  }

  #wake(afterMs: number): NodeJS.Timeout {
    return setTimeout(this.#endThoseDue, Math.ceil(afterMs)).unref()
  }
}
