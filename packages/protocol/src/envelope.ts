import type { ProblemCode, ProblemFacts } from './problem.js'
import type { Producer } from './producer.js'

/** The envelopes of `tidings.v1`: text frames, one JSON object each. Messages of a JSON channel are JSON
 * values, of a text channel strings, of a binary channel base64 strings beside `"encoding":"base64"`. */

export interface SubscribeEnvelope {
  readonly type: 'subscribe'
  readonly channel: string
  /** Where to go on; the tail when absent. */
  readonly offset?: string
  /** Instead of `offset`: the last so many messages, and on. */
  readonly last?: number
  /** Instead of `offset`: what was kept since this time of RFC 3339, and on. */
  readonly since?: string
  /** An offset per message in each `data` envelope. */
  readonly offsets?: boolean
}

export interface UnsubscribeEnvelope {
  readonly type: 'unsubscribe'
  readonly channel: string
}

export interface PublishEnvelope {
  readonly type: 'publish'
  /** Comes back in the answer, so that a client may have many in flight. */
  readonly id?: number | string
  readonly channel: string
  readonly messages?: readonly unknown[]
  readonly encoding?: 'base64'
  readonly producer?: Producer
  readonly close?: boolean
}

export interface PingEnvelope {
  readonly type: 'ping'
}

export type ClientEnvelope = SubscribeEnvelope | UnsubscribeEnvelope | PublishEnvelope | PingEnvelope

export interface WelcomeEnvelope {
  readonly type: 'welcome'
  /** The server sends something at least this often; silence of twice that is a dead connection. */
  readonly heartbeatMs: number
}

export interface DataEnvelope {
  readonly type: 'data'
  readonly channel: string
  readonly messages: readonly unknown[]
  readonly encoding?: 'base64'
  /** The offset after each message, when the subscription asked for them. */
  readonly offsets?: readonly string[]
  readonly nextOffset: string
  /** When the batch was kept, milliseconds since 1970; absent from an empty envelope. */
  readonly committedAt?: number
  readonly upToDate: boolean
}

export interface PublishedEnvelope {
  readonly type: 'published'
  readonly id?: number | string
  readonly channel: string
  readonly nextOffset: string
  readonly duplicate: boolean
}

export interface ClosedEnvelope {
  readonly type: 'closed'
  readonly channel: string
  readonly nextOffset: string
}

export interface DeletedEnvelope {
  readonly type: 'deleted'
  readonly channel: string
}

export interface UnsubscribedEnvelope {
  readonly type: 'unsubscribed'
  readonly channel: string
}

export interface ErrorEnvelope extends ProblemFacts {
  readonly type: 'error'
  readonly id?: number | string
  readonly channel?: string
  readonly code: ProblemCode
  /** What HTTP would answer, so that a program need not know every code: from 500 on the server is in trouble. */
  readonly status: number
  readonly detail: string
}

export interface GoawayEnvelope {
  readonly type: 'goaway'
  readonly retryAfterMs: number
}

export interface PongEnvelope {
  readonly type: 'pong'
}

export type ServerEnvelope =
  | WelcomeEnvelope
  | DataEnvelope
  | PublishedEnvelope
  | ClosedEnvelope
  | DeletedEnvelope
  | UnsubscribedEnvelope
  | ErrorEnvelope
  | GoawayEnvelope
  | PongEnvelope
