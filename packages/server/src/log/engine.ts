import type { Durability, Producer } from '@tidings/protocol'
import type { Batch } from './batch.js'

/** What a log keeps of a channel beside its batches. */
export interface ChannelRecord {
  /** Names the channel's data in the engine; never used twice, grows. */
  readonly id: number
  readonly name: string
  readonly history: number
  readonly contentType: string
  readonly createdAtMs: number
  readonly ttlSeconds?: number
  /** As it was given: RFC 3339. */
  readonly expiresAt?: string
  /** Present when the channel is closed; `producer` is who closed it, so that its retry is known. */
  readonly closed?: { readonly producer?: Producer }
  /** The last `Stream-Seq`; its scope is the channel. */
  readonly lastSequence?: string
  /** Where positions before the channel's own lie, in order and without gaps: what a fork inherits, and earlier histories. */
  readonly parts?: readonly EarlierPart[]
  /** What a fork was made from. */
  readonly fork?: Fork
  /** Forks that stand on this channel's data; none when absent. */
  readonly forkCount?: number
  /** Deleted, and kept for the forks that stand on it. */
  readonly isSoftDeleted?: true
  /** What the channel asked for; as the engine does for all when absent. */
  readonly durability?: Durability
  /** What is dropped from the beginning; nothing when absent. */
  readonly retention?: Retention
  /** Where what retention has left begins; 0 when absent. Never goes back. */
  readonly earliest?: number
  /** Positions of its own before this are kept for forks, though retention has passed them. */
  readonly forkedUpTo?: number
}

/** Which messages stay: the newest, whole batches at a time. Each limit that is there drops what it does. */
export interface Retention {
  /** A batch goes once it was kept so long ago. */
  readonly ageSeconds?: number
  /** A batch goes while the rest still has so many messages. */
  readonly count?: number
  /** A batch goes while the rest still has so many bytes of messages. */
  readonly bytes?: number
}

/** @see Durable Streams §4.2 */
export interface Fork {
  /** The source's name. It is not given to another channel while there is a fork. */
  readonly source: string
  /** `Stream-Fork-Offset` as it was asked for; absent when it was not. */
  readonly offset?: string
  /** `Stream-Fork-Sub-Offset`. */
  readonly subOffset: number
  /** The fork asked for no lifetime and has the source's. */
  readonly inheritsLifetime: boolean
}

/** Positions up to `end` (from the end of the part before) were given out under `history`, and lie in that channel's batches. */
export interface EarlierPart {
  readonly channelId: number
  readonly history: number
  readonly end: number
}

/** The last append of a producer that a channel took. */
export interface ProducerState {
  readonly epoch: number
  readonly lastSeq: number
}

/**
 * All that one group commit keeps: whole or not at all. Removals come first: a name may go and come back in one
 * commit, with another id. An id that is removed stands nowhere else in the commit; the engine may not know it.
 */
export interface Commit {
  /** In order within each channel. */
  readonly batches: readonly { readonly channelId: number; readonly batch: Batch }[]
  /** Channels that were created or whose record changed, as they are now. */
  readonly channels: readonly ChannelRecord[]
  readonly producers: readonly {
    readonly channelId: number
    readonly producerId: string
    readonly state: ProducerState
  }[]
  /** Batches that go for good, by where they end: nobody reads them any more. Kept by earlier commits. */
  readonly dropped?: readonly { readonly channelId: number; readonly end: number }[]
  /** Channels that go, with all that they held. */
  readonly removed: readonly ChannelRecord[]
  /** The most that a channel of this commit asks for; as the engine does for all when absent. */
  readonly durability?: Durability
  /** The highest history minted so far. */
  readonly lastHistory: number
}

/**
 * Where a log keeps its data. It is trusted with nothing more clever than this: order, deduplication and
 * who may read what are the log's. An engine is what passes `engine-suite.ts`.
 *
 * Look-ups see what was committed before they are called, kept or not; the log reads batches only up to
 * positions whose commit was kept.
 */
export interface Engine {
  readonly name: string
  /** What a channel gets that asks for none. One of `memory` gives nothing else. */
  readonly durability: Durability
  /**
   * Data that was heard may be gone, since the operating system stopped before it was on the disk. True until
   * the first commit, which is to give every channel a new history.
   */
  readonly dataMayBeGone: boolean
  /** … of every channel, whatever its durability: this is a copy, and the log that was copied went on without it. */
  readonly isCopy?: boolean
  /** Channels of durability `memory` whose messages went with an earlier run: each is to get a new history. */
  readonly forgotten?: readonly string[]
  /** The highest history that was ever minted here, 0 when none. */
  readonly lastHistory: number
  channel(name: string): ChannelRecord | undefined
  /** Position after the last batch, 0 when there is none. */
  tail(channelId: number): number
  /**
   * Channels by name in byte order, after `after`, at most `limit`.
   *
   * @throws Problem `storage-damaged` when one of the records does not pass its check
   */
  channels(after: string | undefined, limit: number): ChannelRecord[]
  /** The names alone, also those of damaged records. */
  names(after: string | undefined, limit: number): string[]
  producer(channelId: number, producerId: string): ProducerState | undefined
  /**
   * Keeps a commit, whole or not at all. Called for one commit at a time.
   *
   * @returns when it is kept as the durability says. After a rejection the engine takes no more commits.
   * @throws Problem `storage-unavailable`
   */
  commit(commit: Commit): Promise<void>
  /**
   * Batches from the one that holds `position` on, in order: at least one when there is any, then as many as
   * stay within `maxBytes`, each counted with what it takes beside its payload (`Batch.heldBytes`).
   *
   * @throws Problem `storage-damaged` when a batch does not pass its check
   */
  read(channelId: number, position: number, maxBytes: number): Promise<Batch[]>
  /**
   * Batches from the one that holds the position before `position` backwards, the newest first: at least one
   * when there is any, then as many as stay within `maxBytes`, counted as for `read`.
   *
   * @throws Problem `storage-damaged` when a batch does not pass its check
   */
  readBack(channelId: number, position: number, maxBytes: number): Promise<Batch[]>
  /**
   * Puts a copy of what is committed now into an empty folder, or one that is made; commits go on meanwhile.
   * What opens the copy starts new histories. Absent where there is nothing that outlives the process.
   *
   * @throws Problem `backup-refused`, `storage-full`, `storage-unavailable`
   */
  backup?(folder: string): Promise<void>
  close(): Promise<void>
}

/** An engine that outlives the process, and knows which of its channels are of durability `memory`. */
export interface LastingEngine extends Engine {
  /** Names of the memory channels that it has records of. */
  readonly memoryChannels: readonly string[]
}
