import type { Batch } from '../log/index.js'
import type { EncodingContext, WireForm } from './wire-form.js'

/** What the same batches are on the wire, encoded once for each form. */
export class Encodings {
  readonly #pieces = new Map<WireForm<unknown>, unknown>()

  of<Piece>(form: WireForm<Piece>, batches: readonly Batch[], context: EncodingContext): Piece {
    // What stands under a form is what that form made.
    const known = this.#pieces.get(form) as Piece | undefined
    if (known !== undefined) return known
    const piece = form.encode(batches, context)
    this.#pieces.set(form, piece)
    return piece
  }
}
