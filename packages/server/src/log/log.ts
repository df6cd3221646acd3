import { type OffsetRequest, Problem } from '@tidings/protocol'
import type { Append, AppendOutcome, ChannelSpec } from './append.js'
import { type Batch, positionsOf } from './batch.js'
import { Channel } from './channel.js'
import type { ChannelRecord, Engine } from './engine.js'
import { GroupCommit, type KeptChange } from './group-commit.js'
import { admitProducer } from './producer-admission.js'
import { checkSameConfiguration, checkSequence, closed, historyChanged, unknown } from './refusals.js'

/** Channels held in memory, used or not; past this, idle ones are let go of, since the engine has them. */
const defaultMaxHeldChannels = 100_000

/**
 * One ordered, durable log per channel over one engine: what an append and a read mean. Appends are admitted
 * one after the other in memory, kept together by a group commit, and heard only then.
 */
export class Log {
  readonly engine: Engine
  readonly #now: () => number
  readonly #maxHeldChannels: number
  readonly #channels = new Map<string, Channel>()
  readonly #commits: GroupCommit
  readonly #keptListeners: ((changes: readonly KeptChange[]) => void)[] = []
  #lastHistory: number

  constructor(engine: Engine, options: { now?: () => number; maxHeldChannels?: number } = {}) {
    this.engine = engine
    this.#now = options.now ?? Date.now
    this.#maxHeldChannels = options.maxHeldChannels ?? defaultMaxHeldChannels
    this.#lastHistory = engine.lastHistory
    this.#commits = new GroupCommit({
      engine,
      now: this.#now,
      mintedHistory: () => this.#lastHistory,
      onKept: (changes) => {
        for (const listener of this.#keptListeners) listener(changes)
      },
    })
  }

  /** Hears each commit once it is kept, in order, before its publishers are answered. */
  onKept(listener: (changes: readonly KeptChange[]) => void): void {
    this.#keptListeners.push(listener)
  }

  /**
   * Makes a channel, or finds it when one of the same configuration is there.
   *
   * @returns when it is kept
   * @throws Problem `channel-exists`, `storage-unavailable`
   */
  async create(name: string, spec: ChannelSpec): Promise<{ channel: Channel; isNew: boolean }> {
    this.#commits.check()
    const known = this.#lookUp(name)
    if (known) {
      await known.settled
      checkSameConfiguration(known.record, spec)
      return { channel: known, isNew: false }
    }
    const record: ChannelRecord = {
      ...this.#mint(),
      name,
      contentType: spec.contentType,
      createdAtMs: this.#now(),
      ...(spec.ttlSeconds !== undefined && { ttlSeconds: spec.ttlSeconds }),
      ...(spec.expiresAt !== undefined && { expiresAt: spec.expiresAt }),
      ...(spec.closed && { closed: {} }),
    }
    const channel = new Channel(record, 0, false, this.#now())
    this.#hold(channel)
    this.#commits.stage(channel, { record, messages: spec.messages, start: 0 })
    channel.admittedTail = positionsOf(channel.kind, spec.messages)
    await channel.settled
    return { channel, isNew: true }
  }

  /**
   * The channel of this name, for reading: a use, which puts off the end of a channel with a time to live.
   *
   * @throws Problem `channel-unknown`
   */
  find(name: string): Channel {
    const channel = this.peek(name)
    channel.lastUsedMs = this.#now()
    return channel
  }

  /**
   * The channel of this name, without using it.
   *
   * @throws Problem `channel-unknown`, also for one whose creation is not kept yet
   */
  peek(name: string): Channel {
    const channel = this.#lookUp(name)
    if (!channel?.isKept) throw unknown(name)
    return channel
  }

  /**
   * The channel of this name, for `append`.
   *
   * @throws Problem `channel-unknown`
   */
  findToAppend(name: string): Channel {
    const channel = this.#lookUp(name)
    if (!channel) throw unknown(name)
    return channel
  }

  /**
   * Appends messages, closes the channel, or both at once.
   *
   * @param channel from `findToAppend`, in this turn of the event loop: later it may have been let go of
   * @returns when it is kept; for a duplicate, when its original is
   * @throws Problem `channel-unknown`, `channel-closed`, `producer-*`, `sequence-regression`, `storage-unavailable`
   */
  async append(channel: Channel, append: Append): Promise<AppendOutcome> {
    this.#commits.check()
    if (this.#channels.get(channel.name) !== channel) throw unknown(channel.name)
    channel.lastUsedMs = this.#now()
    try {
      const verdict = this.#admit(channel, append)
      await channel.settled
      return verdict
    } catch (refusal) {
      // A refusal may stand on appends that are not kept yet, and tells where they end.
      await channel.settled
      throw refusal
    }
  }

  #admit(channel: Channel, append: Append): AppendOutcome {
    const { producer, close = false } = append
    const state =
      producer &&
      (channel.admittedProducers.get(producer.id) ?? this.engine.producer(channel.id, producer.id))
    const admission = admitProducer(producer, state)
    if (admission === 'duplicate') return this.#outcome(channel, true, state?.lastSeq)
    if (channel.record.closed) {
      const isCloseAgain = close && append.messages.length === 0 && !producer
      if (isCloseAgain) return this.#outcome(channel, true, undefined)
      throw closed(channel)
    }
    if (admission instanceof Problem) throw admission
    if (append.sequence !== undefined) checkSequence(append.sequence, channel.record.lastSequence)

    const start = channel.admittedTail
    const recordChanges = close || append.sequence !== undefined
    if (recordChanges) {
      channel.record = {
        ...channel.record,
        ...(append.sequence !== undefined && { lastSequence: append.sequence }),
        ...(close && { closed: producer ? { producer } : {} }),
      }
    }
    const next = producer && { epoch: producer.epoch, lastSeq: producer.seq }
    if (producer && next) channel.admittedProducers.set(producer.id, next)
    this.#commits.stage(channel, {
      messages: append.messages,
      start,
      ...(producer && next && { producer: { id: producer.id, state: next } }),
      ...(recordChanges && { record: channel.record }),
    })
    channel.admittedTail = start + positionsOf(channel.kind, append.messages)
    return this.#outcome(channel, false, producer?.seq)
  }

  #outcome(channel: Channel, isDuplicate: boolean, lastSeq: number | undefined): AppendOutcome {
    return {
      nextOffset: channel.offsetAt(channel.admittedTail),
      isDuplicate,
      isClosed: channel.record.closed !== undefined,
      ...(lastSeq !== undefined && { lastSeq }),
    }
  }

  /** @throws Problem `channel-unknown`, `storage-unavailable` */
  async remove(name: string): Promise<void> {
    this.#commits.check()
    const channel = this.findToAppend(name)
    this.#remove(channel)
    await channel.settled
  }

  #remove(channel: Channel): void {
    channel.isRemoved = true
    this.#channels.delete(channel.name)
    this.#commits.stage(channel, { isRemoved: true })
    this.#leaving.set(channel.name, channel)
    const forget = () => {
      if (this.#leaving.get(channel.name) === channel) this.#leaving.delete(channel.name)
    }
    channel.settled.then(forget, forget)
  }

  /** Removed, but the engine does not know yet. */
  readonly #leaving = new Map<string, Channel>()

  /**
   * Where a reader starts.
   *
   * @returns a position at or before the tail
   * @throws Problem `history-changed` for an offset that this channel never gave out
   */
  resolve(channel: Channel, request: OffsetRequest): number {
    if (request.at === 'beginning') return 0
    if (request.at === 'now') return channel.keptTail
    if (request.history !== channel.history || request.position > channel.keptTail)
      throw historyChanged(channel)
    return request.position
  }

  /**
   * For readers whose answer begins before their first message is read: what `read` would say of the position
   * is said before.
   *
   * @throws Problem `history-changed` when no message starts at `position`
   */
  async checkStart(channel: Channel, position: number): Promise<void> {
    // A JSON channel counts messages: there is nothing between two positions.
    if (channel.kind !== 'json' && position > 0) await this.read(channel, position, 1)
  }

  /**
   * What is kept from `position` on, in order: at least one batch when there is any, else none.
   *
   * @throws Problem `history-changed` when no message starts at `position`; `storage-damaged`
   */
  async read(channel: Channel, position: number, maxBytes: number): Promise<Batch[]> {
    if (position >= channel.keptTail) return []
    const end = channel.keptTail
    const batches = await this.engine.read(channel.id, position, maxBytes)
    const kept = batches.filter((batch) => batch.end <= end)
    const first = kept[0]?.from(position)
    if (!first) throw channel.isRemoved ? unknown(channel.name) : historyChanged(channel)
    kept[0] = first
    return kept
  }

  /**
   * Kept channels by name, after `after`.
   *
   * @param limit of names looked at: those that are gone are left out
   * @returns `next`, the name to go on after, while there may be more
   */
  list(after: string | undefined, limit: number): { channels: Channel[]; next: string | undefined } {
    const records = this.engine.channels(after, limit)
    const channels = records
      .map((record) => this.#lookUp(record.name))
      .filter((channel) => channel !== undefined)
    return { channels, next: records.length === limit ? records.at(-1)?.name : undefined }
  }

  /** Keeps what was admitted, then lets go of the engine. */
  async close(): Promise<void> {
    await this.#commits.drain().catch(() => {})
    await this.engine.close()
  }

  #lookUp(name: string): Channel | undefined {
    const held = this.#channels.get(name) ?? this.#load(name)
    if (held && held.expiresAtMs <= this.#now()) {
      this.#remove(held)
      return undefined
    }
    return held
  }

  #load(name: string): Channel | undefined {
    if (this.#leaving.has(name)) return undefined
    const record = this.engine.channel(name)
    if (!record) return undefined
    const channel = new Channel(record, this.engine.tail(record.id), true, this.#now())
    this.#hold(channel)
    return channel
  }

  #hold(channel: Channel): void {
    this.#channels.set(channel.name, channel)
    if (this.#channels.size > this.#maxHeldChannels) this.#letGoOfIdle()
  }

  /** A few at a time, the longest held first, so that no look-up waits for a sweep. */
  #letGoOfIdle(): void {
    let looks = 4
    for (const [name, channel] of this.#channels) {
      this.#channels.delete(name)
      if (!channel.isIdle) this.#channels.set(name, channel)
      if (--looks === 0) return
    }
  }

  #mint(): { id: number; history: number } {
    // Later than every earlier one even in an engine that forgets: the clock, in microseconds.
    this.#lastHistory = Math.max(this.#lastHistory + 1, this.#now() * 1000)
    return { id: this.#lastHistory, history: this.#lastHistory }
  }
}
