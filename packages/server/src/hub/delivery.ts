import { type Batch, type Channel, messageBytesOf } from '../log/index.js'
import type { Sink } from './sink.js'
import type { WireForm } from './wire-form.js'

/** What is flushed once a commit is through. */
export type Flushing = Pick<Sink, 'flush'>

/** What a kept commit brought to one channel, encoded once per wire form however many listen. */
export class Delivery {
  readonly channel: Channel
  readonly batches: readonly Batch[]
  readonly isClosed: boolean
  /** The messages' own bytes: counted here once, not by each who listens. */
  readonly payloadBytes: number
  /** Sinks that were pushed to in this commit and are flushed when all its channels are through. */
  readonly #touched: Set<Flushing>
  readonly #encodings = new Map<WireForm<unknown>, unknown>()

  constructor(channel: Channel, batches: readonly Batch[], isClosed: boolean, touched: Set<Flushing>) {
    this.channel = channel
    this.batches = batches
    this.isClosed = isClosed
    this.payloadBytes = messageBytesOf(batches)
    this.#touched = touched
  }

  encoded<Piece>(form: WireForm<Piece>): Piece {
    const known = this.#encodings.get(form)
    // What stands under a form is what that form made.
    if (known !== undefined) return known as Piece
    const { channel, isClosed } = this
    const piece = form.encode(this.batches, { channel, isUpToDate: true, isClosed })
    this.#encodings.set(form, piece)
    return piece
  }

  pushTo<Piece>(sink: Sink<Piece>, form: WireForm<Piece>): void {
    sink.push(this.encoded(form))
    this.#touched.add(sink)
  }
}
