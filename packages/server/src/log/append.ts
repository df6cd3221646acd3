import type { Durability, Producer } from '@tidings/protocol'
import type { Retention } from './engine.js'

/** What a channel is made as. */
export interface ChannelSpec {
  readonly contentType: string
  readonly ttlSeconds?: number
  readonly expiresAt?: string
  readonly closed?: boolean
  /** As the engine does for all when absent. */
  readonly durability?: Durability
  readonly retention?: Retention
  /** The first messages; those of a fork come after what it inherits. */
  readonly messages: readonly Uint8Array[]
  readonly fork?: ForkRequest
}

/** What a fork is to be made from, as it was asked for. */
export interface ForkRequest {
  /** The source's name. */
  readonly source: string
  readonly offset?: string
  readonly subOffset: number
}

/** What one request or envelope adds to a channel. */
export interface Append {
  readonly messages: readonly Uint8Array[]
  /** What the messages are said to be; when it is not what the channel holds, all of it is refused. */
  readonly contentType?: string
  readonly producer?: Producer
  /** `Stream-Seq`: must grow, compared byte by byte; its scope is the channel. */
  readonly sequence?: string
  readonly close?: boolean
}

/** What a publisher is told once its append is kept. */
export interface AppendOutcome {
  /** The tail after this append. */
  readonly nextOffset: string
  readonly isDuplicate: boolean
  readonly isClosed: boolean
  /** The highest sequence that was accepted of this producer in its epoch. */
  readonly lastSeq?: number
}

/** Hears how an append ended: what is true now that it is kept, or why it was refused or could not be kept. */
export type AppendSettled = (result: AppendOutcome | Error) => void
