import { Problem } from '@tidings/protocol'
import type { Batch } from '../../batch.js'
import { decodeBatch, encodeBatch } from '../../batch-record.js'
import type { ChannelRecord, Commit, LastingEngine, ProducerState } from '../../engine.js'
import { aboutKey } from './about.js'
import { backupInto } from './backup.js'
import type { Change, Database } from './database.js'
import type { Durability } from './durability.js'
import {
  batchesAfter,
  batchesBack,
  batchKey,
  channelKey,
  endOfBatchKey,
  idKey,
  lastBatch,
  maxKeyBytes,
  producerKey,
} from './keys.js'
import { decodeChannel, decodeNumber, decodeProducer, encodeRecord } from './records.js'
import { Sweep } from './sweep.js'
import { writeFailure } from './write-failure.js'

/** Keeps everything in a folder, for one process at a time. @see docs/decisions/0001-lmdb-as-the-log.md */
export class DiskEngine implements LastingEngine {
  readonly name = 'disk'
  readonly durability: Durability
  readonly folder: string
  lastHistory: number
  #dataMayBeGone: boolean
  readonly #database: Database
  readonly #sweep: Sweep
  readonly #release: (isSettled: boolean) => Promise<void>
  #failure: Problem | undefined
  #isBackingUp = false
  #closing: Promise<void> | undefined

  /** Only `openDiskEngine` makes one. */
  constructor(options: {
    folder: string
    database: Database
    durability: Durability
    dataMayBeGone: boolean
    /** Gives the folder back once the database is closed. */
    release: (isSettled: boolean) => Promise<void>
  }) {
    this.folder = options.folder
    this.durability = options.durability
    this.#database = options.database
    this.#dataMayBeGone = options.dataMayBeGone
    this.#release = options.release
    const history = this.#database.about.get(aboutKey.lastHistory)
    this.lastHistory = history ? decodeNumber(history) : 0
    this.#sweep = new Sweep(this.#database, (error) => this.fail(error))
    this.#sweep.start()
  }

  /**
   * Whether messages that were heard may be missing: the operating system stopped while durability was
   * `os`. True until the first commit, which is to be the one that gives every channel a new history.
   */
  get dataMayBeGone(): boolean {
    return this.#dataMayBeGone
  }

  get isCopy(): boolean {
    return this.#dataMayBeGone && this.#database.about.get(aboutKey.isCopy) !== undefined
  }

  get memoryChannels(): readonly string[] {
    return [...this.#database.memory.getKeys()].map((key) => key.toString('utf8'))
  }

  channel(name: string): ChannelRecord | undefined {
    const value = this.#database.channels.get(channelKey(name), this.#database.reading)
    return value && decodeChannel(value)
  }

  tail(channelId: number): number {
    if (this.#sweep.has(channelId)) return 0
    const range = { ...lastBatch(channelId), reverse: true, limit: 1, ...this.#database.reading }
    for (const key of this.#database.batches.getKeys(range)) return endOfBatchKey(key)
    return 0
  }

  channels(after: string | undefined, limit: number): ChannelRecord[] {
    const { channels, reading } = this.#database
    const range = { ...namesAfter(after), limit, ...reading }
    return [...channels.getRange(range)].map(({ value }) => decodeChannel(value))
  }

  names(after: string | undefined, limit: number): string[] {
    const { channels, reading } = this.#database
    const range = { ...namesAfter(after), limit, ...reading }
    return [...channels.getKeys(range)].map((key) => key.toString('utf8'))
  }

  producer(channelId: number, producerId: string): ProducerState | undefined {
    if (this.#sweep.has(channelId)) return undefined
    const value = this.#database.producers.get(producerKey(channelId, producerId), this.#database.reading)
    return value && decodeProducer(value)
  }

  async commit(commit: Commit): Promise<void> {
    if (this.#failure) throw this.#failure
    try {
      // All is encoded before the first put: a throw between puts would leave a part of the commit.
      const { durability } = commit
      const changes = this.#changesOf(commit)
      if (changes.length > 0) {
        await this.#database.write(changes, durability === 'memory' ? undefined : durability)
      }
    } catch (error) {
      throw this.fail(error)
    }
    this.lastHistory = commit.lastHistory
    this.#dataMayBeGone = false
    this.#sweep.add(commit.removed.map((record) => record.id))
  }

  async read(channelId: number, position: number, maxBytes: number): Promise<Batch[]> {
    if (this.#sweep.has(channelId)) return []
    const { batches, reading } = this.#database
    return batchesWithin(batches.getRange({ ...batchesAfter(channelId, position), ...reading }), maxBytes)
  }

  async readBack(channelId: number, position: number, maxBytes: number): Promise<Batch[]> {
    if (this.#sweep.has(channelId)) return []
    const { batches, reading } = this.#database
    const [holder] = batches.getKeys({ ...batchesAfter(channelId, position - 1), limit: 1, ...reading })
    const range = holder ? batchesBack(channelId, holder) : lastBatch(channelId)
    return batchesWithin(batches.getRange({ ...range, reverse: true, ...reading }), maxBytes)
  }

  async backup(folder: string): Promise<void> {
    if (this.#isBackingUp) {
      throw new Problem('backup-refused', 'A backup is being made. Ask again when it is done.')
    }
    this.#isBackingUp = true
    try {
      await backupInto(this.#database, folder)
    } finally {
      this.#isBackingUp = false
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const swept = this.#sweep.stop()
    // Behind a commit that failed, lmdb may leave writes neither made nor refused.
    if (!this.#failure) await swept
    this.#failure ??= new Problem('storage-unavailable', `The data folder ${this.folder} is closed.`)
    await this.#database.close()
    await this.#release(this.#failure.cause === undefined)
  }

  /** Takes no more commits: what would come after a commit that failed would stand on nothing. Reads go on. */
  fail(cause: unknown): Problem {
    if (this.#failure) return this.#failure
    this.#failure = writeFailure(this.folder, cause)
    return this.#failure
  }

  #changesOf(commit: Commit): Change[] {
    const { about, batches, channels, memory, producers, removed } = this.#database
    const changes: Change[] = []
    // Its table has a tree of its own, whose pages would be written with every commit.
    if (commit.lastHistory !== this.lastHistory) {
      changes.push({ table: about, key: aboutKey.lastHistory, value: encodeRecord(commit.lastHistory) })
    }
    if (this.#dataMayBeGone) {
      changes.push({ table: about, key: aboutKey.dataMayBeGone }, { table: about, key: aboutKey.isCopy })
    }
    for (const { id, name } of commit.removed) {
      changes.push({ table: removed, key: idKey(id), value: encodeRecord(id) })
      // A channel that was removed before it was ever kept must not take one of the same name with it.
      if (this.channel(name)?.id !== id) continue
      const key = channelKey(name)
      changes.push({ table: channels, key }, { table: memory, key })
    }
    for (const record of commit.channels) {
      changes.push({ table: channels, key: channelKey(record.name), value: encodeRecord(record) })
      if (record.durability !== 'memory') continue
      changes.push({ table: memory, key: channelKey(record.name), value: encodeRecord(record.id) })
    }
    for (const { channelId, batch } of commit.batches) {
      changes.push({ table: batches, key: batchKey(channelId, batch.end), value: encodeBatch(batch) })
    }
    for (const { channelId, end } of commit.dropped ?? []) {
      changes.push({ table: batches, key: batchKey(channelId, end) })
    }
    for (const { channelId, producerId, state } of commit.producers) {
      changes.push({ table: producers, key: producerKey(channelId, producerId), value: encodeRecord(state) })
    }
    const tooLong = changes.find(({ key }) => key.byteLength > maxKeyBytes)
    if (tooLong)
      throw new RangeError(`A name has ${tooLong.key.byteLength} bytes; at most ${maxKeyBytes} fit`)
    return changes
  }
}

function namesAfter(after: string | undefined): { start?: Buffer; exclusiveStart?: true } {
  return after === undefined ? {} : { start: channelKey(after), exclusiveStart: true }
}

/**
 * The first batch, then as many as stay within `maxBytes`.
 *
 * @param entries of which no more are taken than are wanted; lmdb hands out copies, never a view into its memory map
 * @throws Problem `storage-damaged` when the first one is; what stands before a damaged batch can be heard
 */
function batchesWithin(entries: Iterable<{ key: Buffer; value: Buffer }>, maxBytes: number): Batch[] {
  const found: Batch[] = []
  let bytes = 0
  for (const { key, value } of entries) {
    const batch = found.length > 0 ? soundBatch(key, value) : checkedBatch(key, value)
    bytes += batch?.heldBytes ?? 0
    if (!batch || (found.length > 0 && bytes > maxBytes)) break
    found.push(batch)
  }
  return found
}

/** @throws Problem `storage-damaged` */
function checkedBatch(key: Uint8Array, value: Uint8Array): Batch {
  const batch = decodeBatch(value)
  if (batch.end === endOfBatchKey(key)) return batch
  throw new Problem(
    'storage-damaged',
    'A stored batch is not where its positions say. Check the disk, and restore the data folder from a copy.',
  )
}

function soundBatch(key: Uint8Array, value: Uint8Array): Batch | undefined {
  try {
    return checkedBatch(key, value)
  } catch {
    return undefined
  }
}
