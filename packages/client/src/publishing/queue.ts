import type { Producer } from '@tidings/protocol'
import type { Encoded } from './encode.js'

/** An append that a queue keeps, and the number under which the server is told of it. */
export interface QueuedAppend {
  /** Unique and growing within the channel; what was settled leaves holes. */
  readonly order: number
  readonly messages: readonly Encoded[]
  readonly close: boolean
  /** What was perhaps sent under it is sent again under it: the server keeps it once. */
  readonly producer: Producer
}

/**
 * Keeps what is published until the server has it, beyond the life of a page or process. One publisher at a
 * time may use what is kept of a channel: two would send under the same numbers. A promise that rejects is
 * taken as one that has kept nothing, and publishing goes on.
 */
export interface PublishQueue {
  /** @returns what was put for the channel and not settled, in the order of `order` */
  load(channel: string): Promise<readonly QueuedAppend[]>
  /** New appends, or another number for those that are there (same `order`). Nothing is sent before this resolves. */
  put(channel: string, appends: readonly QueuedAppend[]): Promise<void>
  /**
   * The server has kept it; or it is given up, for `error`: refused, or the publisher failed. A publisher that is
   * stopped settles nothing. Must not throw.
   */
  settled(channel: string, order: number, error?: unknown): void
}
