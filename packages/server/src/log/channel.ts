import { type ChannelKind, channelKind, formatOffset } from '@tidings/protocol'
import type { ChannelRecord, ProducerState } from './engine.js'

/**
 * A channel in memory, in two views. *Admitted* is what appends are checked against: it runs ahead of the
 * disk. *Kept* is the durable high-water mark: all that readers may ever see.
 */
export class Channel {
  record: ChannelRecord
  readonly kind: ChannelKind
  admittedTail: number
  keptTail: number
  keptClosed: boolean
  /** Its creation is kept: readers may know of it. */
  isKept: boolean
  /** Deletion was admitted: the name is free for a new channel. */
  isRemoved = false
  /** Listeners at the tail and readers under way: while there are any, the channel stays in memory. */
  pins = 0
  /** Producer states of the commits under way; the engine knows the earlier ones. */
  readonly admittedProducers = new Map<string, ProducerState>()
  /** When the last commit that changed this channel is kept; rejects when it could not be. */
  settled: Promise<void> = Promise.resolve()
  lastUsedMs: number

  constructor(record: ChannelRecord, tail: number, isKept: boolean, nowMs: number) {
    this.record = record
    this.kind = channelKind(record.contentType)
    this.admittedTail = tail
    this.isKept = isKept
    this.keptTail = isKept ? tail : 0
    this.keptClosed = isKept && record.closed !== undefined
    this.lastUsedMs = nowMs
  }

  get name(): string {
    return this.record.name
  }

  get id(): number {
    return this.record.id
  }

  get history(): number {
    return this.record.history
  }

  offsetAt(position: number): string {
    return formatOffset(this.history, position)
  }

  /** Where the channel ends for readers. */
  get nextOffset(): string {
    return this.offsetAt(this.keptTail)
  }

  /** Nothing but the engine needs to know of it now. */
  get isIdle(): boolean {
    return (
      this.pins === 0 &&
      this.isKept &&
      this.admittedTail === this.keptTail &&
      this.admittedProducers.size === 0 &&
      (this.record.closed !== undefined) === this.keptClosed &&
      // When it was last used stands nowhere else.
      this.record.ttlSeconds === undefined
    )
  }

  /** When the channel ends by its lifetime, milliseconds since 1970. @see Durable Streams §5.1 */
  get expiresAtMs(): number {
    if (this.record.ttlSeconds !== undefined) return this.lastUsedMs + this.record.ttlSeconds * 1000
    if (this.record.expiresAt !== undefined) return Date.parse(this.record.expiresAt)
    return Number.POSITIVE_INFINITY
  }
}
