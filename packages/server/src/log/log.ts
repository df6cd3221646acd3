import { invariant, mediaType, type OffsetRequest, Problem } from '@tidings/protocol'
import type { Append, AppendOutcome, ChannelSpec, ForkRequest } from './append.js'
import { positionsOf } from './batch.js'
import { Channel } from './channel.js'
import { ChannelDirectory } from './channel-directory.js'
import { ChannelReader } from './channel-reader.js'
import type { ChannelRecord, Engine, Fork } from './engine.js'
import { forkAt } from './forking.js'
import { GroupCommit, type KeptChange } from './group-commit.js'
import { admitProducer } from './producer-admission.js'
import {
  checkSameConfiguration,
  checkSequence,
  closed,
  deleted,
  historyChanged,
  unknown,
} from './refusals.js'

/**
 * One ordered, durable log per channel over one engine: what an append and a read mean. Appends are admitted
 * one after the other in memory, kept together by a group commit, and heard only then.
 */
export class Log {
  readonly engine: Engine
  readonly reader: ChannelReader
  readonly #now: () => number
  readonly #channels: ChannelDirectory
  readonly #commits: GroupCommit
  readonly #keptListeners: ((changes: readonly KeptChange[]) => void)[] = []
  #lastHistory: number

  constructor(engine: Engine, options: { now?: () => number } = {}) {
    this.engine = engine
    this.reader = new ChannelReader(engine)
    this.#now = options.now ?? Date.now
    this.#lastHistory = engine.lastHistory
    this.#channels = new ChannelDirectory(engine, this.#now)
    this.#commits = new GroupCommit({
      engine,
      now: this.#now,
      mintedHistory: () => this.#lastHistory,
      onKept: (changes) => {
        for (const listener of this.#keptListeners) listener(changes)
      },
    })
  }

  /**
   * A log over this engine. When data that was heard may be gone, every channel goes on under a new history from
   * where it ends now: offsets up to there are good, those beyond are refused.
   *
   * @returns when that is kept
   */
  static async open(engine: Engine, options: { now?: () => number } = {}): Promise<Log> {
    const log = new Log(engine, options)
    if (engine.dataMayBeGone) await log.#startNewHistories()
    return log
  }

  async #startNewHistories(): Promise<void> {
    const pageSize = 1_000
    let settled: Promise<void> = Promise.resolve()
    let page = this.engine.channels(undefined, pageSize)
    while (page.length > 0) {
      for (const { name } of page) {
        const channel = this.#channels.get(name)
        if (!channel) continue
        channel.startHistory(this.#mint().history)
        this.#commits.stage(channel, { record: channel.record })
        settled = channel.settled
      }
      page = this.engine.channels(page.at(-1)?.name, pageSize)
    }
    // All of them were staged in one turn: they are one commit.
    await settled
  }

  /** Hears each commit once it is kept, in order, before its publishers are answered. */
  onKept(listener: (changes: readonly KeptChange[]) => void): void {
    this.#keptListeners.push(listener)
  }

  /**
   * Makes a channel, or finds it when one of the same configuration is there.
   *
   * @returns when it is kept
   * @throws Problem `channel-exists`, `channel-unknown`, `fork-*`, `content-type-mismatch`, `storage-unavailable`
   */
  async create(name: string, spec: ChannelSpec): Promise<{ channel: Channel; isNew: boolean }> {
    this.#commits.check()
    const { fork, parts } =
      spec.fork && !this.#lookUp(name)
        ? await this.#forkOf(spec.fork, spec)
        : { fork: undefined, parts: undefined }
    const known = this.#lookUp(name)
    if (known) {
      await known.settled
      checkSameConfiguration(known.record, spec)
      return { channel: known, isNew: false }
    }
    if (fork) this.#countFork(fork.source, 1)
    const record: ChannelRecord = {
      ...this.#mint(),
      name,
      contentType: spec.contentType,
      createdAtMs: this.#now(),
      ...this.#lifetimeOf(spec, fork),
      ...(spec.closed && { closed: {} }),
      ...(fork && { fork, parts }),
    }
    const channel = new Channel(record, 0, false, this.#now)
    this.#channels.add(channel)
    this.#commits.stage(channel, { record, messages: spec.messages })
    channel.admittedTail += positionsOf(channel.kind, spec.messages)
    await channel.settled
    return { channel, isNew: true }
  }

  #lifetimeOf(spec: ChannelSpec, fork: Fork | undefined): { ttlSeconds?: number; expiresAt?: string } {
    const { ttlSeconds, expiresAt } = fork?.inheritsLifetime ? this.findToFork(fork.source).record : spec
    return { ...(ttlSeconds !== undefined && { ttlSeconds }), ...(expiresAt !== undefined && { expiresAt }) }
  }

  /**
   * What a fork that names no content type holds: as the channel of this name does, else as its source does.
   *
   * @throws Problem `channel-unknown`, `fork-source-deleted`
   */
  forkContentType(name: string, sourceName: string): string {
    return (this.#lookUp(name) ?? this.findToFork(sourceName)).record.contentType
  }

  /**
   * The source of a fork.
   *
   * @throws Problem `channel-unknown`, `fork-source-deleted`
   */
  findToFork(name: string): Channel {
    const source = this.#lookUp(name)
    if (!source?.isKept) throw unknown(name)
    if (!source.record.isSoftDeleted) return source
    throw new Problem(
      'fork-source-deleted',
      `The channel ${JSON.stringify(name)} was deleted: it has no new forks.`,
    )
  }

  async #forkOf(request: ForkRequest, spec: ChannelSpec) {
    const source = this.findToFork(request.source)
    if (mediaType(spec.contentType) !== mediaType(source.record.contentType)) {
      throw new Problem(
        'content-type-mismatch',
        `A fork holds what its source does: ${source.record.contentType}.`,
      )
    }
    const inheritsLifetime = spec.ttlSeconds === undefined && spec.expiresAt === undefined
    source.pin()
    try {
      return await forkAt(source, { ...request, inheritsLifetime }, (position) =>
        this.reader.read(source, position, 1),
      )
    } finally {
      source.unpin()
    }
  }

  /** In the commit that makes or removes the fork, so that the count is always true. */
  #countFork(sourceName: string, change: 1 | -1): void {
    const source = change === 1 ? this.findToFork(sourceName) : this.#lookUp(sourceName)
    invariant(source !== undefined, 'a source stays as long as a fork stands on it')
    const forkCount = (source.record.forkCount ?? 0) + change
    source.record = { ...source.record, forkCount }
    this.#commits.stage(source, { record: source.record })
    // The last fork of a deleted channel takes it along, and so on up the chain.
    if (source.record.isSoftDeleted && forkCount === 0) this.#remove(source)
  }

  /**
   * The channel of this name, for reading: a use, which puts off the end of a channel with a time to live.
   *
   * @throws Problem `channel-unknown`, `channel-deleted`
   */
  find(name: string): Channel {
    const channel = this.peek(name)
    channel.touch()
    return channel
  }

  /**
   * The channel of this name, without using it.
   *
   * @throws Problem `channel-unknown`, also for one whose creation is not kept yet; `channel-deleted`
   */
  peek(name: string): Channel {
    const channel = this.#lookUp(name)
    if (!channel?.isKept) throw unknown(name)
    if (channel.record.isSoftDeleted) throw deleted(name)
    return channel
  }

  /**
   * The channel of this name, for `append`.
   *
   * @throws Problem `channel-unknown`, `channel-deleted`
   */
  findToAppend(name: string): Channel {
    const channel = this.#lookUp(name)
    if (!channel) throw unknown(name)
    if (channel.record.isSoftDeleted) throw deleted(name)
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
    if (!this.#channels.has(channel)) throw unknown(channel.name)
    channel.touch()
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
    if ((channel.record.forkCount ?? 0) > 0) {
      channel.record = { ...channel.record, isSoftDeleted: true }
      this.#commits.stage(channel, { record: channel.record })
      return
    }
    channel.isRemoved = true
    this.#commits.stage(channel, { isRemoved: true })
    this.#channels.remove(channel)
    if (channel.record.fork) this.#countFork(channel.record.fork.source, -1)
  }

  /**
   * Where a reader starts.
   *
   * @returns a position at or before the tail
   * @throws Problem `history-changed` for an offset that this channel never gave out
   */
  async resolve(channel: Channel, request: OffsetRequest): Promise<number> {
    if (request.at === 'beginning') return 0
    if (request.at === 'now') return channel.keptTail
    if (request.at === 'last') return await this.reader.positionOfLast(channel, request.count)
    if (request.at === 'since') return await this.reader.positionSince(channel, request.timeMs)
    const isKnown =
      channel.hasHistory(request.history, request.position) && request.position <= channel.keptTail
    if (!isKnown) throw historyChanged(channel)
    return request.position
  }

  /**
   * Kept channels by name, after `after`.
   *
   * @param limit of names looked at: those that are gone are left out
   * @returns `next`, the name to go on after, while there may be more
   */
  list(after: string | undefined, limit: number): { channels: Channel[]; next: string | undefined } {
    const records = this.engine.channels(after, limit)
    const channels = records.flatMap((record) => {
      const channel = this.#lookUp(record.name)
      return channel && !channel.record.isSoftDeleted ? [channel] : []
    })
    return { channels, next: records.length === limit ? records.at(-1)?.name : undefined }
  }

  /**
   * @param folder an absolute path
   * @throws Problem `not-implemented` when all is in memory, and what `Engine.backup` throws
   */
  async backup(folder: string): Promise<void> {
    if (!this.engine.backup) {
      throw new Problem(
        'not-implemented',
        'This server keeps its log in memory: there is nothing to back up.',
      )
    }
    await this.engine.backup(folder)
  }

  /** Why the storage keeps nothing more until the process is started again, when it does not. */
  get failure(): Problem | undefined {
    return this.#commits.failure
  }

  /** Keeps what was admitted, then lets go of the engine. */
  async close(): Promise<void> {
    await this.#commits.drain().catch(() => {})
    await this.engine.close()
  }

  /** Removes the channels in memory whose time is over, though nobody asks for them. */
  expire(): void {
    const now = this.#now()
    for (const channel of [...this.#channels.withLifetime()])
      if (channel.expiresAtMs <= now) this.#remove(channel)
  }

  #lookUp(name: string): Channel | undefined {
    const channel = this.#channels.get(name)
    if (!channel || channel.expiresAtMs > this.#now()) return channel
    this.#remove(channel)
    return channel.isRemoved ? undefined : channel
  }

  #mint(): { id: number; history: number } {
    // Later than every earlier one even in an engine that forgets: the clock, in microseconds.
    this.#lastHistory = Math.max(this.#lastHistory + 1, this.#now() * 1000)
    return { id: this.#lastHistory, history: this.#lastHistory }
  }
}
