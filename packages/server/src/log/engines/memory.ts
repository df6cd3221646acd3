import type { Batch } from '../batch.js'
import type { ChannelRecord, Commit, Engine, ProducerState } from '../engine.js'

interface MemoryChannel {
  record: ChannelRecord
  readonly batches: Batch[]
  readonly producers: Map<string, ProducerState>
}

/** Keeps everything in this process and nothing beyond it: for tests and throw-away use. Holds what it is given, without bound. */
export class MemoryEngine implements Engine {
  readonly name = 'memory'
  /** A memory's end takes its channels along: their histories never come back. */
  readonly dataMayBeGone = false
  lastHistory = 0
  readonly #byId = new Map<number, MemoryChannel>()
  readonly #idByName = new Map<string, number>()

  channel(name: string): ChannelRecord | undefined {
    const id = this.#idByName.get(name)
    return id === undefined ? undefined : this.#byId.get(id)?.record
  }

  tail(channelId: number): number {
    return this.#byId.get(channelId)?.batches.at(-1)?.end ?? 0
  }

  channels(after: string | undefined, limit: number): ChannelRecord[] {
    const names = [...this.#idByName.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    const afterBytes = after === undefined ? undefined : Buffer.from(after)
    return names
      .filter((name) => afterBytes === undefined || Buffer.compare(Buffer.from(name), afterBytes) > 0)
      .slice(0, limit)
      .map((name) => this.channel(name) as ChannelRecord)
  }

  producer(channelId: number, producerId: string): ProducerState | undefined {
    return this.#byId.get(channelId)?.producers.get(producerId)
  }

  async commit(commit: Commit): Promise<void> {
    for (const record of commit.removed) {
      this.#byId.delete(record.id)
      if (this.#idByName.get(record.name) === record.id) this.#idByName.delete(record.name)
    }
    for (const record of commit.channels) {
      const known = this.#byId.get(record.id)
      if (known) known.record = record
      else this.#byId.set(record.id, { record, batches: [], producers: new Map() })
      this.#idByName.set(record.name, record.id)
    }
    for (const { channelId, batch } of commit.batches) this.#byId.get(channelId)?.batches.push(batch)
    for (const { channelId, producerId, state } of commit.producers) {
      this.#byId.get(channelId)?.producers.set(producerId, state)
    }
    this.lastHistory = commit.lastHistory
  }

  async read(channelId: number, position: number, maxBytes: number): Promise<Batch[]> {
    const batches = this.#byId.get(channelId)?.batches ?? []
    const found: Batch[] = []
    let bytes = 0
    for (let index = firstEndingAfter(batches, position); index < batches.length; index++) {
      const batch = batches[index] as Batch
      bytes += batch.payload.byteLength
      if (found.length > 0 && bytes > maxBytes) break
      found.push(batch)
    }
    return found
  }

  async readBack(channelId: number, position: number, maxBytes: number): Promise<Batch[]> {
    const batches = this.#byId.get(channelId)?.batches ?? []
    const found: Batch[] = []
    let bytes = 0
    for (
      let index = Math.min(firstEndingAfter(batches, position - 1), batches.length - 1);
      index >= 0;
      index--
    ) {
      const batch = batches[index] as Batch
      bytes += batch.payload.byteLength
      if (found.length > 0 && bytes > maxBytes) break
      found.push(batch)
    }
    return found
  }

  async close(): Promise<void> {}
}

/** Index of the first batch that ends after `position`, by halving. */
function firstEndingAfter(batches: readonly Batch[], position: number): number {
  let low = 0
  let high = batches.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((batches[middle] as Batch).end > position) high = middle
    else low = middle + 1
  }
  return low
}
