import type { Durability } from '@tidings/protocol'
import type { Batch } from './batch.js'
import type { ChannelRecord, Commit, Engine, LastingEngine, ProducerState } from './engine.js'

/**
 * Keeps memory channels in one engine and all others in one that lasts. A memory channel's record is in both:
 * that it is there, and as what, outlives a restart, so that who uses it need not make it again; its messages,
 * producers and all that changes with them do not. A commit that holds only those needs no disk.
 */
export class TieredEngine implements Engine {
  readonly name: string
  readonly durability: Durability
  readonly forgotten: readonly string[]
  readonly #lasting: LastingEngine
  readonly #memory: Engine
  readonly #memoryIds = new Set<number>()
  #hasFailed = false

  constructor(lasting: LastingEngine, memory: Engine) {
    this.#lasting = lasting
    this.#memory = memory
    this.name = lasting.name
    this.durability = lasting.durability
    this.forgotten = lasting.memoryChannels
  }

  get dataMayBeGone(): boolean {
    return this.#lasting.dataMayBeGone
  }

  get isCopy(): boolean {
    return this.#lasting.isCopy ?? false
  }

  get lastHistory(): number {
    return this.#lasting.lastHistory
  }

  channel(name: string): ChannelRecord | undefined {
    return this.#memory.channel(name) ?? this.#lasting.channel(name)
  }

  tail(channelId: number): number {
    return this.#holderOf(channelId).tail(channelId)
  }

  channels(after: string | undefined, limit: number): ChannelRecord[] {
    const records = this.#lasting.channels(after, limit)
    return records.map((record) => this.#memory.channel(record.name) ?? record)
  }

  names(after: string | undefined, limit: number): string[] {
    return this.#lasting.names(after, limit)
  }

  producer(channelId: number, producerId: string): ProducerState | undefined {
    return this.#holderOf(channelId).producer(channelId, producerId)
  }

  async commit(commit: Commit): Promise<void> {
    const hasMemory = this.#memoryIds.size > 0 || commit.channels.some(isOfMemory)
    if (!hasMemory) return await this.#commitLasting(commit)
    const { lasting, memory } = this.#split(commit)
    // The disk first: what it does not keep is not in memory either.
    if (this.#hasFailed || this.#needsDisk(lasting)) await this.#commitLasting(lasting)
    await this.#memory.commit(memory)
    for (const { id } of memory.channels) this.#memoryIds.add(id)
    for (const { id } of memory.removed) this.#memoryIds.delete(id)
  }

  /** Once it has failed, it is for the lasting engine to say so again, also to commits that would not need it. */
  async #commitLasting(commit: Commit): Promise<void> {
    try {
      await this.#lasting.commit(commit)
    } catch (error) {
      this.#hasFailed = true
      throw error
    }
  }

  read(channelId: number, position: number, maxBytes: number): Promise<Batch[]> {
    return this.#holderOf(channelId).read(channelId, position, maxBytes)
  }

  readBack(channelId: number, position: number, maxBytes: number): Promise<Batch[]> {
    return this.#holderOf(channelId).readBack(channelId, position, maxBytes)
  }

  async backup(folder: string): Promise<void> {
    await this.#lasting.backup?.(folder)
  }

  async close(): Promise<void> {
    await this.#lasting.close()
  }

  #holderOf(channelId: number): Engine {
    return this.#memoryIds.has(channelId) ? this.#memory : this.#lasting
  }

  #split(commit: Commit): { lasting: Commit; memory: Commit } {
    const newIds = new Set<number>()
    for (const record of commit.channels) if (isOfMemory(record)) newIds.add(record.id)
    const part = (isMemory: boolean): Commit => {
      const isIn = (id: number) => (this.#memoryIds.has(id) || newIds.has(id)) === isMemory
      return {
        batches: commit.batches.filter(({ channelId }) => isIn(channelId)),
        channels: commit.channels.filter(({ id }) => isIn(id)),
        producers: commit.producers.filter(({ channelId }) => isIn(channelId)),
        dropped: commit.dropped?.filter(({ channelId }) => isIn(channelId)) ?? [],
        removed: commit.removed.filter(({ id }) => isIn(id)),
        lastHistory: commit.lastHistory,
        ...(commit.durability && { durability: commit.durability }),
      }
    }
    const memory = part(true)
    const lasting = part(false)
    return { memory, lasting: withRecordsOf(memory, lasting, (record) => this.#changesOnDisk(record)) }
  }

  /** Whether the disk has to know of this state of a memory channel. */
  #changesOnDisk(record: ChannelRecord): boolean {
    const known = this.#lasting.channel(record.name)
    return !known || JSON.stringify(lastingPart(known)) !== JSON.stringify(lastingPart(record))
  }

  #needsDisk(commit: Commit): boolean {
    const { batches, channels, producers, dropped = [], removed, lastHistory } = commit
    const count = batches.length + channels.length + producers.length + dropped.length + removed.length
    return count > 0 || lastHistory !== this.#lasting.lastHistory || this.#lasting.dataMayBeGone
  }
}

function isOfMemory({ durability }: ChannelRecord): boolean {
  return durability === 'memory'
}

function withRecordsOf(memory: Commit, lasting: Commit, isNew: (record: ChannelRecord) => boolean): Commit {
  return {
    ...lasting,
    channels: [...lasting.channels, ...memory.channels.filter(isNew).map(lastingPart)],
    removed: [...lasting.removed, ...memory.removed],
  }
}

/** A memory channel's record without what goes with its messages; its history is another after a restart. */
function lastingPart(record: ChannelRecord): ChannelRecord {
  const { lastSequence: _, earliest: __, parts: ___, ...rest } = record
  return { ...rest, history: record.id }
}
