import type { Batch, Channel } from '../log/index.js'

/** What is known of a channel when its batches are encoded. */
export interface EncodingContext {
  readonly channel: Channel
  /** Nothing that is kept follows these batches. */
  readonly isUpToDate: boolean
  /** Nothing will ever follow them. */
  readonly isClosed: boolean
}

/**
 * How batches look on one kind of connection. A form is shared by all its readers, and what it encodes is
 * sent to all of them: it knows nothing of any one reader.
 */
export interface WireForm<Piece = Uint8Array> {
  encode(batches: readonly Batch[], context: EncodingContext): Piece
  /** What a reader is told that is at the tail and got no batch; nothing in forms that have no such word. */
  atTail(context: EncodingContext): Piece | undefined
}
