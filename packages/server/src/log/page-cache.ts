import type { Batch } from './batch.js'

/** What pages hold at most, together, bytes; what was read longest ago goes first. */
const maxHeldBytes = 8 * 1024 * 1024

/**
 * Pages of history that were read lately. A page that does not reach the tail never changes: a thousand readers
 * that replay one channel read it once, and what is made of it for the wire is made once too.
 */
export class PageCache {
  readonly #pages = new Map<string, { readonly batches: readonly Batch[]; readonly bytes: number }>()
  #heldBytes = 0

  get(key: string): readonly Batch[] | undefined {
    const page = this.#pages.get(key)
    if (!page) return undefined
    // The last again.
    this.#pages.delete(key)
    this.#pages.set(key, page)
    return page.batches
  }

  set(key: string, batches: readonly Batch[]): void {
    const bytes = batches.reduce((sum, { heldBytes }) => sum + heldBytes, 0)
    this.#remove(key)
    this.#pages.set(key, { batches, bytes })
    this.#heldBytes += bytes
    for (const oldest of this.#pages.keys()) {
      if (this.#heldBytes <= maxHeldBytes) break
      this.#remove(oldest)
    }
  }

  #remove(key: string): void {
    this.#heldBytes -= this.#pages.get(key)?.bytes ?? 0
    this.#pages.delete(key)
  }
}
