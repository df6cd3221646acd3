import type { LabMessage } from './lab-message.js'

/**
 * How much earlier than its last message a lane asks again, milliseconds: a message's time is when it was handed to
 * the log, and `since` is about when it was kept, by a clock that may have been set meanwhile.
 */
const marginMs = 1_000
/** Ids of spoken messages that are remembered: more than are spoken within the margin. */
const maxSpoken = 1_000

/**
 * What a WebSocket in plain mode goes by when it comes back, since it is told no offsets: the time of the last
 * message of the workload, to ask for what was kept since, and which messages it has heard, to drop them when they
 * come again.
 *
 * That works because messages of the workload are numbered in the order of the log and bear their server's time. Who
 * has neither must ask from the beginning, or take `tidings.v1`, which tells an offset with each batch.
 */
export class SocketMemory {
  #lastNumber = 0
  #lastAtMs: number | undefined
  readonly #spoken = new Set<string>()

  /** A time of RFC 3339; undefined before the first message of the workload. */
  get since(): string | undefined {
    return this.#lastAtMs === undefined ? undefined : new Date(this.#lastAtMs - marginMs).toISOString()
  }

  /** @returns false for a message that was heard before */
  isNew(message: LabMessage): boolean {
    return 'n' in message ? this.#isNewNumber(message.n, message.atMs) : this.#isNewId(message.id)
  }

  #isNewNumber(n: number, atMs: number): boolean {
    if (n <= this.#lastNumber) return false
    this.#lastNumber = n
    this.#lastAtMs = atMs
    return true
  }

  #isNewId(id: string): boolean {
    if (this.#spoken.has(id)) return false
    this.#spoken.add(id)
    if (this.#spoken.size > maxSpoken) {
      for (const oldest of this.#spoken) {
        this.#spoken.delete(oldest)
        break
      }
    }
    return true
  }
}
