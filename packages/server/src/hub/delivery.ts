import { type Batch, type Channel, messageBytesOf } from '../log/index.js'
import type { Sink } from './sink.js'
import type { WireForm } from './wire-form.js'

/** What a kept commit brought to one channel, encoded once per wire form however many listen. */
export class Delivery {
  readonly channel: Channel
  readonly batches: readonly Batch[]
  readonly isClosed: boolean
  /** The messages' own bytes: counted here once, not by each who listens. */
  readonly payloadBytes: number
  /** Sinks that were pushed to in this commit and are flushed when all its channels are through. */
  readonly #touched: Set<Sink>
  readonly #encodings = new Map<WireForm, Uint8Array>()

  constructor(channel: Channel, batches: readonly Batch[], isClosed: boolean, touched: Set<Sink>) {
    this.channel = channel
    this.batches = batches
    this.isClosed = isClosed
    this.payloadBytes = messageBytesOf(batches)
    this.#touched = touched
  }

  encoded(form: WireForm): Uint8Array {
    let bytes = this.#encodings.get(form)
    if (!bytes) {
      bytes = form.encode(this.batches, { channel: this.channel, isUpToDate: true, isClosed: this.isClosed })
      this.#encodings.set(form, bytes)
    }
    return bytes
  }

  pushTo(sink: Sink, form: WireForm): void {
    sink.push(this.encoded(form))
    this.#touched.add(sink)
  }
}
