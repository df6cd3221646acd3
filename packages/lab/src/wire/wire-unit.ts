import type { ByteString } from '@tidings/protocol'
import type { EventBlock } from './event-block.js'
import type { FrameHeader } from './frame.js'
import type { RequestHead, ResponseHead } from './head.js'
import type { Stretch } from './stretch.js'

/** The content of a message, without its framing. */
export interface Body {
  /** As far as it is kept. */
  readonly payload: ByteString
  readonly byteLength: number
}

/** One thing that a direction carried. Together the stretches hold every byte of it, in order. */
export type WireUnit = { readonly stretch: Stretch } & (
  | {
      readonly kind: 'request'
      readonly head: RequestHead
      readonly body: Body
      readonly isComplete: boolean
    }
  | {
      readonly kind: 'response'
      readonly head: ResponseHead
      /** Of a stream and of a WebSocket the head alone. */
      readonly form: 'interim' | 'whole' | 'event-stream' | 'websocket'
      readonly body: Body
      readonly isComplete: boolean
    }
  | {
      readonly kind: 'block'
      readonly block: EventBlock
      /** Its end was not told, or did not come. */
      readonly isCut: boolean
      readonly isComplete: boolean
    }
  | { readonly kind: 'last chunk' }
  | { readonly kind: 'frame'; readonly header: FrameHeader; readonly isComplete: boolean }
  /** What is none of these, or can not be told for the bytes that are missing before it. */
  | { readonly kind: 'unreadable' }
)
