import { type Batch, type Channel, messageBytesOf } from '../log/index.js'
import type { Sink } from './sink.js'
import { Touched } from './touched.js'
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
  touched = new Touched()
  readonly #encodings = new Map<WireForm<unknown>, unknown>()

  constructor(channel: Channel, batches: readonly Batch[], isClosed: boolean) {
    this.channel = channel
    this.batches = batches
    this.isClosed = isClosed
    this.payloadBytes = messageBytesOf(batches)
    const end = batches.at(-1)?.end ?? channel.keptTail
    this.isUpToDate = end === channel.keptTail
  }

  encoded<Piece>(form: WireForm<Piece>): Piece {
    const known = this.#encodings.get(form)
    // What stands under a form is what that form made.
    if (known !== undefined) return known as Piece
    const piece = form.encode(this.batches, this)
    this.#encodings.set(form, piece)
    return piece
  }

  pushTo<Piece>(sink: Sink<Piece>, form: WireForm<Piece>): void {
    sink.push(this.encoded(form))
    this.touched.add(sink)
  }
}
