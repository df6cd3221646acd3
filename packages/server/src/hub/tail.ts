import type { Batch, Channel, KeptChange } from '../log/index.js'
import { Delivery } from './delivery.js'
import type { Touched } from './touched.js'

/** Who hears a channel's tail: it has everything before the tail already. */
export interface Listener {
  /** Where the next message starts that it has not heard. */
  readonly position: number
  /** What was just kept and starts at its position; called within the flush, must not wait. */
  hear(delivery: Delivery): void
  /** The channel is gone with all that it held. */
  removed(): void
}

/**
 * What is heard together at most, `Batch.heldBytes` (a single larger batch alone): commits that wait for their flush
 * are joined up to this, and a larger one is cut. It is encoded as one piece, several times as long, for each form.
 */
const maxTogetherBytes = 256 * 1024

/** What one commit, or several that waited together, brought and nobody has heard yet. */
interface Kept {
  readonly batches: Batch[]
  heldBytes: number
  isClosed: boolean
  isRemoved: boolean
  /** Somebody has joined since: who did has these batches and not the next ones. */
  isSealed: boolean
}

/**
 * The live end of one channel: who listens there, and what they have still to hear, in order.
 *
 * Budget: per commit one delivery, per listener a step of one iterator (bench/fan-out, bench/scale).
 */
export class Tail {
  readonly #channel: Channel
  readonly #listeners = new Set<Listener>()
  readonly #waiting: Kept[] = []
  #delivery: Delivery | undefined
  /** Those who have still to hear the first of what waits. Who joins meanwhile has it, and is passed over. */
  #toHear: Iterator<Listener> | undefined

  constructor(channel: Channel) {
    this.#channel = channel
  }

  get isEmpty(): boolean {
    return this.#listeners.size === 0
  }

  add(listener: Listener): void {
    this.#listeners.add(listener)
    const last = this.#waiting.at(-1)
    if (last) last.isSealed = true
  }

  delete(listener: Listener): boolean {
    return this.#listeners.delete(listener)
  }

  /** A commit is kept. What the commits before it brought may still wait: then all of it goes out together. */
  keep({ batches, isClosed, isRemoved }: KeptChange): void {
    const parts = partsOf(batches)
    const end = parts.pop() ?? { batches: [], heldBytes: 0 }
    for (const part of parts) this.#keep({ ...part, isClosed: false, isRemoved: false })
    this.#keep({ ...end, isClosed, isRemoved })
  }

  #keep(more: Omit<Kept, 'isSealed'>): void {
    const last = this.#waiting.at(-1)
    // What is being heard is not added to.
    const isOpen = last && !last.isSealed && !(this.#toHear && this.#waiting.length === 1)
    if (!isOpen || last.heldBytes + more.heldBytes > maxTogetherBytes) {
      this.#waiting.push({ ...more, isSealed: false })
      return
    }
    for (const batch of more.batches) last.batches.push(batch)
    last.heldBytes += more.heldBytes
    last.isClosed ||= more.isClosed
    last.isRemoved ||= more.isRemoved
  }

  /**
   * Lets listeners hear what waits, until `isEnough` says that the rest is for another turn, and of what is not heard
   * together only the first: a socket that is given two pieces in one turn gets a copy of both, and a thousand
   * copies take longer than as many writes (bench/slow-readers).
   *
   * @param touched  gathers the sinks that were pushed to: the same each time
   * @param isEnough asked after each of them; hears whether it was told of its end, by a write of its own
   * @returns whether all is heard
   */
  hear(touched: Touched, isEnough: (hasEnded: boolean) => boolean): boolean {
    let hasTold = false
    // The turn before may have told the last of them: then this one is for the next.
    for (let kept = this.#waiting[0]; kept && !hasTold; kept = this.#waiting[0]) {
      this.#delivery ??= new Delivery(this.#channel, kept.batches, kept.isClosed, touched)
      this.#toHear ??= this.#listeners.values()
      for (let next = this.#toHear.next(); !next.done; next = this.#toHear.next()) {
        tell(next.value, kept, this.#delivery)
        hasTold = true
        if (isEnough(kept.isRemoved)) return false
      }
      this.#waiting.shift()
      this.#delivery = undefined
      this.#toHear = undefined
    }
    return this.#waiting.length === 0
  }
}

/** Batches by what may be heard together. */
function partsOf(batches: readonly Batch[]): Pick<Kept, 'batches' | 'heldBytes'>[] {
  const parts: Pick<Kept, 'batches' | 'heldBytes'>[] = []
  for (const batch of batches) {
    const last = parts.at(-1)
    if (!last || last.heldBytes + batch.heldBytes > maxTogetherBytes)
      parts.push({ batches: [batch], heldBytes: batch.heldBytes })
    else {
      last.batches.push(batch)
      last.heldBytes += batch.heldBytes
    }
  }
  return parts
}

function tell(listener: Listener, { batches, isClosed, isRemoved }: Kept, delivery: Delivery): void {
  const end = batches.at(-1)?.end
  const isNew = end === undefined ? isClosed : end > listener.position
  if (isNew) listener.hear(delivery)
  // Having heard the end, it may have left; to be told twice would do it no harm.
  if (isRemoved) listener.removed()
}
