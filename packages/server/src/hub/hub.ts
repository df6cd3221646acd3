import type { Channel, KeptChange, Log } from '../log/index.js'
import { CatchUp } from './catch-up.js'
import { type Listener, Tail } from './tail.js'
import { Touched } from './touched.js'

/** Sinks that one turn of the event loop writes to at most: a write to a socket takes about 5 µs. */
const sinksPerTurn = 1_000
/** Listeners that one turn lets hear at most: several may share a sink. */
const listenersPerTurn = 10_000

/**
 * Who listens where. A group commit's batches are the flush's batches: when a commit is kept, each of its
 * channels' listeners hears it, and then each socket that was pushed to gets one write.
 *
 * A flush over very many sockets is cut into slices, a turn of the event loop each; appends, commits and other
 * channels go on between them. What is kept meanwhile on the same channel waits, and goes out together: the
 * busier the server, the fewer the writes.
 *
 * Budget: per listener one call and no allocation, per sink one write of shared bytes (bench/fan-out).
 */
export class Hub {
  readonly catchUp = new CatchUp()
  readonly #tails = new Map<Channel, Tail>()
  /** Tails with something to hear, the longest waiting first. */
  readonly #due = new Set<Tail>()
  readonly #touched = new Touched()
  #isFlushing = false
  #heardInTurn = 0
  #listenerCount = 0
  #untilIdle: (() => void)[] = []

  constructor(log: Log) {
    log.onKept((changes) => this.#deliver(changes))
  }

  /** Listeners on all channels: for tests and statistics. */
  get listenerCount(): number {
    return this.#listenerCount
  }

  /** From the next commit on. The caller has heard everything up to `channel.keptTail`, in this very turn. */
  join(channel: Channel, listener: Listener): void {
    let tail = this.#tails.get(channel)
    if (!tail) {
      tail = new Tail(channel)
      this.#tails.set(channel, tail)
    }
    tail.add(listener)
    channel.pin()
    this.#listenerCount++
  }

  leave(channel: Channel, listener: Listener): void {
    const tail = this.#tails.get(channel)
    if (!tail?.delete(listener)) return
    if (tail.isEmpty) this.#tails.delete(channel)
    channel.unpin()
    this.#listenerCount--
  }

  /** Resolves when all that is kept has been heard by those who listen. */
  async idle(): Promise<void> {
    if (this.#isFlushing) await new Promise<void>((resolve) => this.#untilIdle.push(resolve))
  }

  #deliver(changes: readonly KeptChange[]): void {
    for (const change of changes) {
      const tail = this.#tails.get(change.channel)
      if (!tail || !(change.isRemoved || change.isClosed || change.batches.length > 0)) continue
      tail.keep(change)
      this.#due.add(tail)
    }
    // An idle server flushes at once.
    if (!this.#isFlushing && this.#due.size > 0) this.#flush()
  }

  /** One slice. */
  #flush(): void {
    this.#isFlushing = true
    this.#heardInTurn = 0
    for (const tail of this.#due) {
      this.#due.delete(tail)
      if (!tail.hear(this.#touched, this.#isEnough)) {
        // Behind the others: a channel of ten thousand readers must not keep all others waiting.
        this.#due.add(tail)
        break
      }
      if (this.#touched.size >= sinksPerTurn || this.#heardInTurn >= listenersPerTurn) break
    }
    this.#touched.flush()
    if (this.#due.size > 0) setImmediate(() => this.#flush())
    else {
      this.#isFlushing = false
      for (const resolve of this.#untilIdle.splice(0)) resolve()
    }
  }

  readonly #isEnough = (hasEnded: boolean): boolean => {
    this.#heardInTurn += hasEnded ? listenersPerTurn / sinksPerTurn : 1
    return this.#heardInTurn >= listenersPerTurn || this.#touched.size >= sinksPerTurn
  }
}
