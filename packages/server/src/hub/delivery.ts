import { type Batch, type Channel, messageBytesOf } from '../log/index.js'
import type { Sink } from './sink.js'
import type { WireForm } from './wire-form.js'

/** What kept commits brought to one channel, encoded once per wire form however many listen. */
export class Delivery {
  readonly channel: Channel
  readonly batches: readonly Batch[]
  readonly isClosed: boolean
  /** The messages' own bytes: counted here once, not by each who listens. */
  readonly payloadBytes: number
  /** Nothing that is kept follows: known when the first listener hears it. */
  readonly isUpToDate: boolean
  /** Gathers the sinks that are pushed to and are flushed at the end of this turn. */
  touched: Set<Sink> = new Set()
  readonly #encodings = new Map<WireForm, Uint8Array>()

  constructor(channel: Channel, batches: readonly Batch[], isClosed: boolean) {
    this.channel = channel
    this.batches = batches
    this.isClosed = isClosed
    this.payloadBytes = messageBytesOf(batches)
    const end = batches.at(-1)?.end ?? channel.keptTail
    this.isUpToDate = end === channel.keptTail
  }

  encoded(form: WireForm): Uint8Array {
    let bytes = this.#encodings.get(form)
    if (!bytes) {
      bytes = form.encode(this.batches, this)
      this.#encodings.set(form, bytes)
    }
    return bytes
  }

  pushTo(sink: Sink, form: WireForm): void {
    sink.push(this.encoded(form))
    this.touched.add(sink)
  }
}
