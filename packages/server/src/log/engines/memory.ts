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
  readonly durability = 'memory'
  /** A memory's end takes its channels along: their histories never come back. */
  readonly dataMayBeGone = false
  lastHistory = 0
  readonly #byId = new Map<number, MemoryChannel>()
  readonly #idByName = new Map<string, number>()
  /** Names by their bytes; made when it is asked for, until a channel comes or goes. */
  #inOrder: Buffer[] | undefined

  channel(name: string): ChannelRecord | undefined {
    const id = this.#idByName.get(name)
    return id === undefined ? undefined : this.#byId.get(id)?.record
  }

  tail(channelId: number): number {
    return this.#byId.get(channelId)?.batches.at(-1)?.end ?? 0
  }

  channels(after: string | undefined, limit: number): ChannelRecord[] {
    return this.names(after, limit).map((name) => this.channel(name) as ChannelRecord)
  }

  names(after: string | undefined, limit: number): string[] {
    this.#inOrder ??= [...this.#idByName.keys()].map((name) => Buffer.from(name)).sort(Buffer.compare)
    const names = this.#inOrder
    const first = after === undefined ? 0 : firstAfter(names, Buffer.from(after))
    return names.slice(first, first + limit).map((name) => name.toString())
  }

  producer(channelId: number, producerId: string): ProducerState | undefined {
    return this.#byId.get(channelId)?.producers.get(producerId)
  }

  async commit(commit: Commit): Promise<void> {
    for (const record of commit.removed) {
      this.#byId.delete(record.id)
      if (this.#idByName.get(record.name) === record.id) this.#idByName.delete(record.name)
      this.#inOrder = undefined
    }
    for (const record of commit.channels) {
      const known = this.#byId.get(record.id)
      if (known) known.record = record
      else this.#byId.set(record.id, { record, batches: [], producers: new Map() })
      if (!this.#idByName.has(record.name)) this.#inOrder = undefined
      this.#idByName.set(record.name, record.id)
    }
    for (const { channelId, batch } of commit.batches) this.#byId.get(channelId)?.batches.push(batch)
    for (const { channelId, producerId, state } of commit.producers) {
      this.#byId.get(channelId)?.producers.set(producerId, state)
    }
    this.#drop(commit.dropped ?? [])
    this.lastHistory = commit.lastHistory
  }

  /** Those that stand one after the other go at once: what stands behind them is moved up for each time. */
  #drop(dropped: NonNullable<Commit['dropped']>): void {
    for (let at = 0; at < dropped.length; ) {
      const { channelId, end } = dropped[at] as (typeof dropped)[number]
      const batches = this.#byId.get(channelId)?.batches ?? []
      const index = firstEndingAfter(batches, end - 1)
      let run = 0
      while (isOfRun(dropped[at + run], channelId, batches[index + run])) run++
      batches.splice(index, run)
      // What is not there does not matter.
      at += Math.max(run, 1)
    }
  }

  async read(channelId: number, position: number, maxBytes: number): Promise<Batch[]> {
    const batches = this.#byId.get(channelId)?.batches ?? []
    const found: Batch[] = []
    let bytes = 0
    for (let index = firstEndingAfter(batches, position); index < batches.length; index++) {
      const batch = batches[index] as Batch
      bytes += batch.heldBytes
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
      bytes += batch.heldBytes
      if (found.length > 0 && bytes > maxBytes) break
      found.push(batch)
    }
    return found
  }

  async close(): Promise<void> {}
}

function isOfRun(
  dropped: { channelId: number; end: number } | undefined,
  channelId: number,
  batch: Batch | undefined,
): boolean {
  return batch !== undefined && dropped?.channelId === channelId && dropped.end === batch.end
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

/** Index of the first name after this one, by halving. */
function firstAfter(names: readonly Buffer[], after: Buffer): number {
  let low = 0
  let high = names.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (Buffer.compare(names[middle] as Buffer, after) > 0) high = middle
    else low = middle + 1
  }
  return low
}
