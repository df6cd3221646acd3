import type { ReadBatch } from '@tidings/client/ways'
import { parseOffset } from '@tidings/protocol'
import {
  type Attempt,
  type Fault,
  findFaults,
  type PassRecord,
  type PublisherRecord,
  type Sighting,
} from './history-checker.js'

/** Writes down what happens on one channel while a test runs, for the checker. */
export class HistoryRecorder {
  readonly #publishers: PublisherLog[] = []
  readonly #passes: PassLog[] = []

  publisher(name: string): PublisherLog {
    const log = new PublisherLog(name)
    this.#publishers.push(log)
    return log
  }

  /** @param offset where the pass starts */
  pass(reader: string, offset: string): PassLog {
    const log = new PassLog(reader, offset)
    this.#passes.push(log)
    return log
  }

  get publishers(): readonly PublisherRecord[] {
    return this.#publishers
  }

  get passes(): readonly PassRecord[] {
    return this.#passes
  }

  findFaults(): Fault[] {
    return findFaults(this.#publishers, this.#passes)
  }
}

/** What one publisher was told. What it was told nothing of is unknown. */
export class PublisherLog implements PublisherRecord {
  readonly publisher: string
  readonly #attempts = new Map<string, Attempt>()

  constructor(publisher: string) {
    this.publisher = publisher
  }

  get attempts(): readonly Attempt[] {
    return [...this.#attempts.values()]
  }

  attempted(message: string): void {
    this.#attempts.set(message, { message, fate: 'unknown' })
  }

  acknowledged(message: string, offset: string): void {
    this.#attempts.set(message, { message, fate: 'acknowledged', offset })
  }

  refused(message: string): void {
    this.#attempts.set(message, { message, fate: 'refused' })
  }
}

/** What one reader saw in one pass. */
export class PassLog implements PassRecord {
  readonly reader: string
  readonly startsAtBeginning: boolean
  readonly sightings: Sighting[] = []
  hasReachedEnd = false
  /** Where the reader is: it goes on from here. */
  offset: string

  constructor(reader: string, offset: string) {
    this.reader = reader
    this.startsAtBeginning = offset === '-1'
    this.offset = offset
  }

  /** Takes down a batch of a JSON channel, each message with the offset after it. */
  saw(batch: ReadBatch): void {
    const messages = batch.kind === 'json' ? batch.raw : batch.messages.map(String)
    messages.forEach((message, index) => {
      const offset = batch.kind === 'json' ? before(batch.nextOffset, messages.length - 1 - index) : undefined
      this.sightings.push({ message, ...(offset !== undefined && { offset }) })
    })
    this.offset = batch.nextOffset
    if (batch.closed) this.hasReachedEnd = true
  }
}

/** The offset `count` messages before this one, in a JSON channel. */
function before(offset: string, count: number): string {
  const parsed = parseOffset(offset)
  if (parsed?.at !== 'offset') throw new Error(`${offset} is no offset of a message`)
  return `${offset.slice(0, 17)}${String(parsed.position - count).padStart(16, '0')}`
}
