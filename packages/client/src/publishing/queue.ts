import type { Producer } from '@tidings/protocol'

/** One message as it goes on the wire: a JSON text, a text, or bytes. */
export type Encoded = string | Uint8Array

/** An append that a queue keeps: one call's messages, and the number under which the server is told of them. */
export interface QueuedAppend {
  readonly channel: string
  /** Unique and growing within the channel; what was settled may leave holes. */
  readonly order: number
  readonly messages: readonly Encoded[]
  readonly close: boolean
  /** What was perhaps sent under it is sent again under it: the server keeps it once. */
  readonly producer: Producer
}

/**
 * Keeps what is published until the server has it, beyond the life of a page or process. One publisher at a
 * time may use what is kept of a channel: two would send under the same numbers. None of it may throw; a promise
 * that rejects is taken as one that has kept nothing, and publishing goes on.
 */
export interface PublishQueue {
  /** @returns what was put for the channel and not settled, in the order of `order` */
  load(channel: string): Promise<readonly QueuedAppend[]>
  /** A new append, or another number for one that is there (same `order`). It is not sent before this resolves. */
  put(append: QueuedAppend): Promise<void>
  /**
   * The server has kept it; or it is given up, for `error`: refused, or the publisher failed. A publisher that is
   * stopped settles nothing.
   */
  settled(append: Pick<QueuedAppend, 'channel' | 'order'>, error?: unknown): void
}
