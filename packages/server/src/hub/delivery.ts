import { type Batch, type Channel, messageBytesOf } from '../log/index.js'
import { Encodings } from './encodings.js'
import type { Sink } from './sink.js'
import type { Touched } from './touched.js'
import type { WireForm } from './wire-form.js'

/**
 * What kept commits brought to one channel, encoded once per wire form however many listen.
 *
 * Budget: per wire form one encoding, per listener a look-up of it (bench/fan-out, bench/many-channels).
 */
export class Delivery {
  readonly channel: Channel
  readonly batches: readonly Batch[]
  readonly isClosed: boolean
  /** The messages' own bytes: counted here once, not by each who listens. */
  readonly payloadBytes: number
  /** Nothing that is kept follows: known when the first listener hears it. */
  readonly isUpToDate: boolean
  /** Gathers what is pushed to, and is flushed at the end of this turn. */
  readonly touched: Touched
  readonly #encodings = new Encodings()

  constructor(channel: Channel, batches: readonly Batch[], isClosed: boolean, touched: Touched) {
    this.channel = channel
    this.batches = batches
    this.isClosed = isClosed
    this.touched = touched
    this.payloadBytes = messageBytesOf(batches)
    const end = batches.at(-1)?.end ?? channel.keptTail
    this.isUpToDate = end === channel.keptTail
  }

  encoded<Piece>(form: WireForm<Piece>): Piece {
    return this.#encodings.of(form, this.batches, this)
  }

  pushTo<Piece>(sink: Sink<Piece>, form: WireForm<Piece>): void {
    sink.push(this.encoded(form))
    this.touched.add(sink)
  }
}
