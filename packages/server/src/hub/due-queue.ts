export interface DueQueueOptions<Member> {
  /** After which a member comes due, milliseconds. */
  readonly afterMs: number
  /** Who comes due so soon after another is served with it, milliseconds late at most. */
  readonly togetherMs: number
  /** Members that one turn of the event loop serves at most. */
  readonly mostPerTurn: number
  /** Serves one that is due, and is in the queue no more. */
  readonly serve: (member: Member) => void
}

/**
 * Members that come due after a time that is the same for all of them, so that they do in the order in which they
 * came, and one timer does for all.
 *
 * Budget: per member an entry of a map (bench/idle).
 */
export class DueQueue<Member> {
  readonly #options: DueQueueOptions<Member>
  /** When each is due, milliseconds by a clock that is never set back; the first to come is the first due. */
  readonly #members = new Map<Member, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(options: DueQueueOptions<Member>) {
    this.#options = options
  }

  get size(): number {
    return this.#members.size
  }

  add(member: Member): void {
    const { afterMs } = this.#options
    // A whole number takes no memory of its own.
    this.#members.set(member, Math.round(performance.now() + afterMs))
    this.#timer ??= this.#wake(afterMs)
  }

  delete(member: Member): void {
    this.#members.delete(member)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#members.clear()
  }

  readonly #serveThoseDue = (): void => {
    const { togetherMs, mostPerTurn, serve } = this.#options
    // Who is added meanwhile wakes it by what is looked at here.
    this.#timer = undefined
    const now = Math.round(performance.now())
    let served = 0
    for (const [member, dueMs] of this.#members) {
      if (dueMs > now || served === mostPerTurn) {
        clearTimeout(this.#timer)
        this.#timer = this.#wake(dueMs > now ? Math.max(togetherMs, dueMs - now) : 0)
        return
      }
      this.#members.delete(member)
      serve(member)
      served++
    }
  }

  #wake(afterMs: number): NodeJS.Timeout {
    return setTimeout(this.#serveThoseDue, Math.ceil(afterMs)).unref()
  }
}
