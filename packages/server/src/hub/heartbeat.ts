import { DueQueue } from './due-queue.js'

/** A connection that may fall silent. */
export interface Beating {
  /** Called once per heartbeat: say something when nothing was said since the last one; give up on a dead peer. */
  beat(): void
}

/** Connections that beat in one turn of the event loop at most: a write takes about 5 µs, and a WebSocket answers. */
const beatsPerTurn = 250
/** Those that came within this part of an interval may beat together. */
const togetherPart = 0.01

/** Each beats an interval after it came, and again after each: a thousand that came together are no long turn. */
export class Heartbeat {
  readonly #queue: DueQueue<Beating>

  /** @param options `intervalMs`: between two beats of one at most */
  constructor(options: { intervalMs: number }) {
    const togetherMs = options.intervalMs * togetherPart
    this.#queue = new DueQueue({
      afterMs: options.intervalMs - togetherMs,
      togetherMs,
      mostPerTurn: beatsPerTurn,
      serve: (member) => {
        this.#queue.add(member)
        member.beat()
      },
    })
  }

  get size(): number {
    return this.#queue.size
  }

  add(member: Beating): void {
    this.#queue.add(member)
  }

  delete(member: Beating): void {
    this.#queue.delete(member)
  }

  stop(): void {
    this.#queue.stop()
  }
}
