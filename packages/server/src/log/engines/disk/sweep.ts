import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Change, Database } from './database.js'
import { allOf, idKey, idOfKey } from './keys.js'

/** Keys that one transaction removes: about a millisecond of work. */
const keysPerStep = 500

/**
 * Removes what removed channels held, in steps, so that neither the event loop nor a commit waits for a
 * channel with millions of batches. A channel is gone for everybody once its record is, in one commit; that
 * commit also notes its id, and the note goes with the last of its keys. A process that ends in between
 * leaves the note, and the sweep goes on when the folder is next opened.
 */
export class Sweep {
  readonly #database: Database
  readonly #pending: Set<number>
  readonly #onFailed: (error: unknown) => void
  #running: Promise<void> | undefined
  #isStopped = false

  constructor(database: Database, onFailed: (error: unknown) => void) {
    this.#database = database
    this.#onFailed = onFailed
    this.#pending = new Set([...database.removed.getKeys()].map(idOfKey))
  }

  /** Whether what this channel held may still be there, to be swept. */
  has(channelId: number): boolean {
    return this.#pending.has(channelId)
  }

  /** To be called when the commit that removed them is kept. */
  add(channelIds: Iterable<number>): void {
    for (const id of channelIds) this.#pending.add(id)
    this.start()
  }

  start(): void {
    if (this.#running || this.#isStopped || this.#pending.size === 0) return
    this.#running = this.#run().finally(() => {
      this.#running = undefined
    })
  }

  /** Ends after the step under way; what is left is swept at the next start. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running
  }

  async #run(): Promise<void> {
    try {
      for (const id of this.#pending) {
        while (!this.#isStopped && !(await this.#step(id))) await nextTurn()
        if (this.#isStopped) return
        this.#pending.delete(id)
      }
    } catch (error) {
      this.#isStopped = true
      this.#onFailed(error)
    }
  }

  /** @returns whether nothing of the channel is left */
  async #step(id: number): Promise<boolean> {
    const { batches, producers, removed } = this.#database
    const found: Change[] = []
    for (const table of [batches, producers]) {
      const limit = keysPerStep - found.length
      if (limit === 0) break
      for (const key of table.getKeys({ ...allOf(id), limit })) found.push({ table, key })
    }
    const isLast = found.length < keysPerStep
    await this.#database.write(isLast ? [...found, { table: removed, key: idKey(id) }] : found)
    return isLast
  }
}
