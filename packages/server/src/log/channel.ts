import { type ChannelKind, channelKind, formatOffset, type Offset } from '@tidings/protocol'
import type { ChannelRecord, ProducerState } from './engine.js'
import type { Settlement } from './settlement.js'

/**
 * A channel in memory, in two views. *Admitted* is what appends are checked against: it runs ahead of the
 * disk. *Kept* is the durable high-water mark: all that readers may ever see.
 */
export class Channel {
  record: ChannelRecord
  readonly kind: ChannelKind
  admittedTail: number
  keptTail: number
  /** Where what is left begins, for readers; `record.earliest` is what is admitted. */
  keptEarliest: number
  keptClosed: boolean
  /** Its creation is kept: readers may know of it. */
  isKept: boolean
  /** Deletion was admitted: the name is free for a new channel. */
  isRemoved = false
  /** Its deletion is kept, though forks may stand on its data: who listens has been told. */
  isGone: boolean
  /** Commits that change this channel and are not kept yet. */
  stagedCommits = 0
  /** It waits for a step of retention, which is that of this very object. */
  awaitsRetention = false
  /** Producer states of the commits under way; the engine knows the earlier ones. */
  readonly admittedProducers = new Map<string, ProducerState>()
  /** Of the last commit that changes this channel; none when an earlier run made it. */
  settlement: Settlement | undefined
  readonly #now: () => number
  #lastUsedMs: number
  readonly #fixedEndMs: number
  /** Listeners at the tail and readers under way. */
  #pins = 0

  /**
   * @param ownTail position after the last batch of its own, 0 when there is none
   * @param isKept the engine has it; else its creation is being committed
   */
  constructor(record: ChannelRecord, ownTail: number, isKept: boolean, now: () => number) {
    this.record = record
    this.kind = channelKind(record.contentType)
    this.keptEarliest = record.earliest ?? 0
    // Retention may have dropped all that there was.
    this.admittedTail = Math.max(ownTail, this.earlierEnd, this.keptEarliest)
    this.keptTail = this.admittedTail
    this.isKept = isKept
    this.isGone = record.isSoftDeleted ?? false
    this.keptClosed = isKept && record.closed !== undefined
    this.#now = now
    this.#lastUsedMs = now()
    this.#fixedEndMs =
      record.expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(record.expiresAt)
  }

  /** Where the positions end that a fork inherits, or that earlier histories hold; 0 when there are none. */
  get earlierEnd(): number {
    return this.record.parts?.at(-1)?.end ?? 0
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

  /** Earlier positions keep the history under which they were given out. */
  offsetAt(position: number): string {
    return formatOffset(this.#historyAt(position), position)
  }

  /** Whether this channel, or the source of a fork, gave out this offset, and what is before it is kept. */
  hasGiven({ history, position }: Offset): boolean {
    return position <= this.keptTail && history === this.#historyAt(position)
  }

  #historyAt(position: number): number {
    return this.record.parts?.find(({ end }) => position <= end)?.history ?? this.history
  }

  /** Goes on under another history from the tail: what was given out beyond it may be gone. */
  startHistory(history: number): void {
    if (this.record.durability === 'memory') {
      // Nothing is left: whoever heard its beginning may have missed all that came after, and is told.
      this.record = { ...this.record, history }
      return
    }
    const { parts = [], id, history: earlier } = this.record
    const part = { channelId: id, history: earlier, end: this.keptTail }
    // The first also when it is empty: the beginning was given out under its history.
    const isHeard = parts.length === 0 || this.keptTail > this.earlierEnd
    this.record = { ...this.record, history, parts: isHeard ? [...parts, part] : parts }
  }

  /** When the last commit that changed this channel is kept; rejects when it could not be. */
  get settled(): Promise<void> {
    return this.settlement?.promise ?? Promise.resolve()
  }

  /** Counts as a use, which puts off the end of a channel with a time to live. */
  touch(): void {
    if (this.record.ttlSeconds !== undefined) this.#lastUsedMs = this.#now()
  }

  /** While somebody hears the channel it stays in memory, and does not end for want of use. */
  pin(): void {
    this.#pins++
  }

  unpin(): void {
    this.#pins--
    this.touch()
  }

  /** Where the channel ends for readers. */
  get nextOffset(): string {
    return this.offsetAt(this.keptTail)
  }

  /** Where what is left begins for readers. */
  get earliestOffset(): string {
    return this.offsetAt(this.keptEarliest)
  }

  /** Nothing but the engine needs to know of it now. */
  get isIdle(): boolean {
    return (
      this.#pins === 0 &&
      this.stagedCommits === 0 &&
      !this.awaitsRetention &&
      // When it was last used stands nowhere else.
      !this.hasLifetime
    )
  }

  get hasLifetime(): boolean {
    const { ttlSeconds, expiresAt, isSoftDeleted } = this.record
    return (ttlSeconds !== undefined || expiresAt !== undefined) && !isSoftDeleted
  }

  /** When the channel ends by its lifetime, milliseconds since 1970. @see Durable Streams §5.1 */
  get expiresAtMs(): number {
    if (!this.hasLifetime) return Number.POSITIVE_INFINITY
    const { ttlSeconds } = this.record
    if (ttlSeconds === undefined) return this.#fixedEndMs
    return (this.#pins > 0 ? this.#now() : this.#lastUsedMs) + ttlSeconds * 1000
  }
}
