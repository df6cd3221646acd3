import { type AnyReaderOptions, read } from '@tidings/client/ways'
import type { ReaderCounts, Way } from '@tidings/protocol'
import { ReaderSequence, type SequenceCounts } from './sequence.js'

/** Delays that percentiles are taken over, at most: the newest. */
const maxDelays = 4_096

interface CountingReader {
  readonly stop: AbortController
  readonly sequence: ReaderSequence
  isConnected: boolean
}

/** The workload's readers of one way: each a connection of its own, with the client that everybody has. */
export class WayReaders {
  readonly #way: Way
  readonly #address: { readonly server: string; readonly channel: string }
  readonly #options: Omit<AnyReaderOptions, 'signal'>
  readonly #readers: CountingReader[] = []
  /** Of readers that are gone. */
  readonly #past: SequenceCounts = { messages: 0, lost: 0, twice: 0, outOfOrder: 0 }
  readonly #delaysMs: number[] = []
  #delays = 0

  constructor(
    way: Way,
    address: { readonly server: string; readonly channel: string },
    options: Omit<AnyReaderOptions, 'signal'>,
  ) {
    this.#way = way
    this.#address = address
    this.#options = options
  }

  use(count: number): void {
    while (this.#readers.length < count) this.#begin()
    for (const reader of this.#readers.splice(count)) {
      reader.stop.abort()
      reader.sequence.addTo(this.#past)
    }
  }

  get counts(): ReaderCounts {
    const sum = { ...this.#past }
    for (const { sequence } of this.#readers) sequence.addTo(sum)
    const connected = this.#readers.filter(({ isConnected }) => isConnected).length
    const sorted = [...this.#delaysMs].sort((a, b) => a - b)
    const [delayP50Ms, delayP99Ms] = [0.5, 0.99].map((share) => sorted[Math.floor(share * sorted.length)])
    return {
      connected,
      ...sum,
      ...(delayP50Ms !== undefined && { delayP50Ms }),
      ...(delayP99Ms !== undefined && { delayP99Ms }),
    }
  }

  #begin(): void {
    const reader = { stop: new AbortController(), sequence: new ReaderSequence(), isConnected: false }
    this.#readers.push(reader)
    this.#hear(reader).catch(() => {
      // The run is over and its channel gone, or the server: the readers end with it.
      reader.isConnected = false
    })
  }

  async #hear(reader: CountingReader): Promise<void> {
    const { signal } = reader.stop
    const batches = read(this.#address, {
      ...this.#options,
      way: this.#way,
      offset: 'now',
      kind: 'json',
      signal,
    })
    for await (const batch of batches) {
      reader.isConnected = true
      const heardMs = performance.timeOrigin + performance.now()
      for (const message of batch.messages) this.#count(reader, message, heardMs)
    }
  }

  /** What somebody said at the page has no number. */
  #count(reader: CountingReader, message: unknown, heardMs: number): void {
    const { n, atMs } = message as { n?: unknown; atMs?: unknown }
    if (typeof n !== 'number' || typeof atMs !== 'number') return
    reader.sequence.take(n)
    this.#delaysMs[this.#delays++ % maxDelays] = heardMs - atMs
  }
}
