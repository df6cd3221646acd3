/** A connection that may fall silent. */
export interface Beating {
  /** Called once per heartbeat: say something when nothing was said since the last one; give up on a dead peer. */
  beat(): void
}

/** One timer for all connections, so that ten thousand of them cost no timer each. */
export class Heartbeat {
  readonly #members = new Set<Beating>()
  readonly #timer: NodeJS.Timeout

  constructor(options: { intervalMs: number }) {
    this.#timer = setInterval(() => {
      for (const member of this.#members) member.beat()
    }, options.intervalMs)
    this.#timer.unref()
  }

  get size(): number {
    return this.#members.size
  }

  add(member: Beating): void {
    this.#members.add(member)
  }

  delete(member: Beating): void {
    this.#members.delete(member)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
