import { ProblemError } from '../problem-error.js'
import type { RetryOptions } from '../time/retry.js'
import type { ChannelAddress } from '../wire/address.js'
import type { HttpOptions } from '../wire/http.js'

export interface PublisherOptions extends HttpOptions, RetryOptions {
  /** Of the channel; says what a message is. Default `application/json`. */
  readonly contentType?: string
  /** Default: a random one, which is right unless the program itself keeps epochs across restarts. */
  readonly producerId?: string
  /** Default 0. */
  readonly epoch?: number
  /**
   * When a newer producer of this id has taken over, take over from it (its epoch and one) instead of
   * failing. Off by default: two producers that both do so keep taking from each other.
   */
  readonly autoClaim?: boolean
  /** What may wait to be acknowledged, characters (or bytes); beyond it `publish` rejects with `queue-full`. Default 16 Mi. */
  readonly maxQueuedLength?: number
  /** Stops at once: what is not acknowledged yet rejects with `publisher-stopped`. */
  readonly signal?: AbortSignal
}

export interface PublishOptions {
  /** Closes the channel with the last of these messages, in one step. */
  readonly close?: boolean
}

export interface Published {
  /** The position after the append that held these messages (and others that were gathered with them). */
  readonly nextOffset: string
  /** It had been kept before, by an attempt whose answer was lost. */
  readonly duplicate: boolean
}

/**
 * Appends to one channel, in the order of the calls, each message once however often it had to be sent.
 *
 * A promise that nobody awaits never ends the program: its failure is seen by who asks for it only.
 */
export interface Publisher {
  readonly address: ChannelAddress
  /**
   * @param messages values or `RawJson` for a JSON channel, strings for a text channel, `Uint8Array` for a
   * binary one. In text and binary channels over POST each is an append of its own, so a failure may come
   * after some of them were kept.
   * @returns when the last of them is kept
   * @throws ProblemError what the server refused it with, `message-invalid` and `message-empty` at once,
   * `queue-full`, `publisher-stopped`. After `producer-gap`, `producer-stale` or attempts that are used up,
   * whether a message was kept is not known any more, and every later call fails in the same way: make a new
   * publisher
   */
  publish(messages: readonly unknown[], options?: PublishOptions): Promise<Published>
  /** Resolves when everything that was given so far is acknowledged or has failed; never rejects. */
  flush(): Promise<void>
  /** Takes no more, flushes, and frees the connection; never rejects. */
  stop(): Promise<void>
}

/**
 * A JSON text that is published as it stands: numbers keep all their digits, objects their order and
 * duplicates.
 */
export class RawJson {
  readonly text: string

  /** @throws ProblemError `message-invalid` when `text` is not one JSON value */
  constructor(text: string) {
    try {
      JSON.parse(text)
    } catch (error) {
      // Checked here and not by the server: `1,2` would become two messages once it stands in an array.
      throw new ProblemError('message-invalid', `Not a JSON value: ${excerpt(text)}`, { cause: error })
    }
    this.text = text.trim()
  }
}

function excerpt(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
