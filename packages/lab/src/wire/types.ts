import type { ByteString } from '@tidings/protocol'

/** What a direction carried: a head with its body, a block of an event stream, or a frame. */
export type ArrowKind = 'request' | 'response' | 'event' | 'comment' | 'frame'

/** What bytes have to say of themselves, so that they can be explained. */
export interface Carried {
  readonly kind: ArrowKind
  readonly from: 'client' | 'server'
  /** Short, for the diagram: `GET offset=…`, `200 2 messages`, `204`, `101`, `event data`, `text 84 bytes`, `ping`. */
  readonly label: string
  readonly byteLength: number
  /** The exact bytes, cut at the longest that the trace tells. */
  readonly bytes: ByteString
  /** Where in `bytes` an event's chunked coding stands, in order; absent where there is none. */
  readonly chunkMarks?: readonly ChunkMark[]
}

/** A stretch of bytes that is the chunked coding's own. @see RFC 9112 §7.1 */
export interface ChunkMark {
  readonly name: 'chunk size' | 'chunk end' | 'last chunk' | 'trailer'
  readonly at: number
  readonly length: number
}

/** A stretch of an arrow's bytes, and what it is. Together they cover all of them, in order. */
export interface WirePart {
  readonly bytes: ByteString
  /** `request line`, `header`, `end of the head`, `body`, `chunk size`, `event field`, `frame header`, `mask`, `payload`, … */
  readonly name: string
  /** In a sentence, with the values: `FIN 1, opcode 1 (text), masked, 84 bytes follow`. */
  readonly meaning: string
  /** `RFC 9112 §3`, `HTML, Server-sent events §9.2.6`, `RFC 6455 §5.2`, `Durable Streams §5.6`; empty for what is unreadable. */
  readonly source: string
}
