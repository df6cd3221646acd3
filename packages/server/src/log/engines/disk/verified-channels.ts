import { channelKind } from '@tidings/protocol'
import type { Batch } from '../../batch.js'
import type { ChannelRecord } from '../../engine.js'
import { endOfBatchKey, idOfKey } from './keys.js'

/** Positions from `start` to `end`, all of them there. */
interface Range {
  readonly start: number
  end: number
}

interface SeenChannel {
  readonly record: ChannelRecord
  /** Positions of its own batches, in order; more than one only where retention has passed what forks keep. */
  readonly ranges: Range[]
}

/** What the records of channels say, held against the batches that are there. */
export class VerifiedChannels {
  lastHistory = 0
  forkCount = 0
  readonly #byId = new Map<number, SeenChannel>()
  readonly #idByName = new Map<string, number>()
  readonly #removed = new Set<number>()
  readonly #fault: (fault: string) => void

  constructor(fault: (fault: string) => void) {
    this.#fault = fault
  }

  get count(): number {
    return this.#byId.size
  }

  /** An entry in words, whether or not it can be understood. */
  describe(table: string, key: Buffer): string {
    if (table === 'channels') return `channel ${JSON.stringify(key.toString('utf8'))}`
    if (key.byteLength < 8) return `key ${key.toString('hex')}`
    const name = this.#byId.get(idOfKey(key))?.record.name
    const channel = name === undefined ? `channel id ${idOfKey(key)}` : `channel ${JSON.stringify(name)}`
    return table === 'batches' && key.byteLength === 16
      ? `${channel}, the batch before position ${endOfBatchKey(key)}`
      : channel
  }

  add(name: string, record: ChannelRecord): void {
    if (record.name !== name) this.#fault(`channel ${JSON.stringify(name)} has the record of another one`)
    if (this.#byId.has(record.id)) this.#fault(`channel ${JSON.stringify(name)} has the id of another one`)
    if (record.id > this.lastHistory || record.history > this.lastHistory) {
      this.#fault(`channel ${JSON.stringify(name)} has a history that was not minted yet`)
    }
    this.#byId.set(record.id, { record, ranges: [] })
    this.#idByName.set(name, record.id)
    if (record.fork) this.forkCount++
  }

  addMemory(name: string): void {
    const id = this.#idByName.get(name)
    if (this.#byId.get(id ?? 0)?.record.durability === 'memory') return
    this.#fault(`channel ${JSON.stringify(name)} is said to be in memory, and is not`)
  }

  addRemoved(id: number): void {
    this.#removed.add(id)
  }

  addProducer(id: number): void {
    if (this.#isKnown(id)) return
    this.#fault(`a producer belongs to channel id ${id}, which is not there`)
  }

  addBatch(id: number, end: number, batch: Batch): void {
    const seen = this.#byId.get(id)
    if (!seen) {
      if (!this.#removed.has(id)) this.#fault(`a batch belongs to channel id ${id}, which is not there`)
      return
    }
    const { record, ranges } = seen
    if (record.durability === 'memory')
      this.#fault(`channel ${JSON.stringify(record.name)} is in memory, and a batch of it is here`)
    const where = `channel ${JSON.stringify(record.name)}, the batch before position ${end}`
    if (batch.end !== end) this.#fault(`${where}: its own positions say ${batch.end}`)
    if (batch.kind !== channelKind(record.contentType)) this.#fault(`${where}: of another kind`)
    if (!historiesAt(record, batch.start, end).has(batch.history)) {
      this.#fault(`${where}: of history ${batch.history}, which the channel does not have there`)
    }
    const last = ranges.at(-1)
    if (last?.end === batch.start) last.end = end
    else {
      if (last && batch.start < last.end) this.#fault(`${where}: overlaps the one before it`)
      ranges.push({ start: batch.start, end })
    }
  }

  /** What can be said only when all was seen. */
  finish(): void {
    const forks = new Map<string, number>()
    for (const { record, ranges } of this.#byId.values()) {
      const name = JSON.stringify(record.name)
      if (record.fork) forks.set(record.fork.source, (forks.get(record.fork.source) ?? 0) + 1)
      const ownStart = Math.max(record.earliest ?? 0, record.parts?.at(-1)?.end ?? 0)
      const ownEnd = ranges.at(-1)?.end ?? ownStart
      if (!this.#covers(record.id, ownStart, ownEnd)) {
        this.#fault(`channel ${name}: positions from ${ownStart} to ${ownEnd} are not all there`)
      }
      let start = 0
      for (const part of record.parts ?? []) {
        const from = Math.max(start, record.earliest ?? 0)
        // The first may be empty: it says under which history the beginning was given out.
        if (part.end <= start && part !== record.parts?.[0])
          this.#fault(`channel ${name}: its earlier parts are out of order`)
        if (from < part.end && !this.#covers(part.channelId, from, part.end)) {
          this.#fault(`channel ${name}: inherited positions from ${from} to ${part.end} are not all there`)
        }
        start = part.end
      }
    }
    for (const { record } of this.#byId.values()) this.#checkForks(record, forks)
    for (const source of forks.keys()) {
      if (!this.#idByName.has(source))
        this.#fault(`forks stand on channel ${JSON.stringify(source)}, which is not there`)
    }
  }

  #checkForks(record: ChannelRecord, forks: ReadonlyMap<string, number>): void {
    const counted = record.forkCount ?? 0
    const found = forks.get(record.name) ?? 0
    const name = JSON.stringify(record.name)
    if (counted !== found) this.#fault(`channel ${name}: counts ${counted} forks, and there are ${found}`)
    if (record.isSoftDeleted && found === 0)
      this.#fault(`channel ${name}: is kept for forks, and there are none`)
  }

  #covers(id: number, start: number, end: number): boolean {
    if (start >= end) return true
    return this.#byId.get(id)?.ranges.some((range) => range.start <= start && range.end >= end) ?? false
  }

  #isKnown(id: number): boolean {
    return this.#byId.has(id) || this.#removed.has(id)
  }
}

/** Histories under which a channel may have kept a batch of these positions. */
function historiesAt(record: ChannelRecord, start: number, end: number): Set<number> {
  const histories = new Set<number>()
  let partStart = 0
  for (const part of record.parts ?? []) {
    if (start < part.end && end > partStart) histories.add(part.history)
    partStart = part.end
  }
  if (end > partStart) histories.add(record.history)
  return histories
}
