import type { Channel, KeptChange, Log } from '../log/index.js'
import { Delivery, type Flushing } from './delivery.js'

/** Who hears a channel's tail: it has everything before the tail already. */
export interface Listener {
  /** What was just kept; called within the flush, must not wait. */
  hear(delivery: Delivery): void
  /** The channel is gone with all that it held. */
  removed(): void
}

/**
 * Who listens where. A group commit's batches are the flush's batches: when a commit is kept, each of its
 * channels' listeners hears it, and then each socket that was pushed to gets one write.
 */
export class Hub {
  readonly #tails = new Map<Channel, Set<Listener>>()
  #listenerCount = 0

  constructor(log: Log) {
    log.onKept((changes) => this.#deliver(changes))
  }

  /** Listeners on all channels: for tests and statistics. */
  get listenerCount(): number {
    return this.#listenerCount
  }

  /** From the next commit on. The caller has heard everything up to `channel.keptTail`, in this very turn. */
  join(channel: Channel, listener: Listener): void {
    const tail = this.#tails.get(channel)
    if (tail) tail.add(listener)
    else this.#tails.set(channel, new Set([listener]))
    channel.pin()
    this.#listenerCount++
  }

  leave(channel: Channel, listener: Listener): void {
    const tail = this.#tails.get(channel)
    if (!tail?.delete(listener)) return
    if (tail.size === 0) this.#tails.delete(channel)
    channel.unpin()
    this.#listenerCount--
  }

  #deliver(changes: readonly KeptChange[]): void {
    const touched = new Set<Flushing>()
    for (const change of changes) {
      const tail = this.#tails.get(change.channel)
      if (!tail) continue
      if (change.isRemoved) {
        for (const listener of [...tail]) listener.removed()
      } else if (change.batches.length > 0 || change.isClosed) {
        const delivery = new Delivery(change.channel, change.batches, change.isClosed, touched)
        // A listener may leave while it hears; a Set's iteration allows that.
        for (const listener of tail) listener.hear(delivery)
      }
    }
    for (const sink of touched) sink.flush()
  }
}
