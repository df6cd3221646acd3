import type { Published } from '../publishing/outbox.js'
import { ChannelPublisher, type ChannelPublisherOptions } from '../publishing/publisher.js'
import type { RetryOptions } from '../time/retry.js'
import type { ChannelAddress } from '../wire/address.js'
import type { HttpOptions } from '../wire/http.js'

export type { Published } from '../publishing/outbox.js'
export { RawJson } from '../publishing/raw-json.js'

export interface PublisherOptions extends HttpOptions, RetryOptions, ChannelPublisherOptions {
  /** Stops at once: what is not acknowledged yet rejects with `publisher-stopped`. */
  readonly signal?: AbortSignal
}

export interface PublishOptions {
  /** Closes the channel with the last of these messages, in one step. */
  readonly close?: boolean
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

/** A channel's publisher as this face has it. */
export function publisherOf(
  address: ChannelAddress,
  publisher: ChannelPublisher,
  { signal }: PublisherOptions,
): Publisher {
  const abort = () => publisher.stop()
  publisher.over.addEventListener('abort', () => signal?.removeEventListener('abort', abort))
  if (signal?.aborted) abort()
  else signal?.addEventListener('abort', abort)
  const underWay = new Set<Promise<Published>>()
  let isStopping = false
  // What a stopped one says to everything.
  const stopped = new ChannelPublisher(address.channel, {})
  stopped.stop()
  const flush = async () => {
    await Promise.allSettled(underWay)
  }
  return {
    address,
    publish(messages, options) {
      const published = (isStopping ? stopped : publisher).publish(messages, options?.close)
      const ended = () => underWay.delete(published)
      underWay.add(published)
      published.then(ended, ended)
      return published
    },
    flush,
    async stop() {
      isStopping = true
      await flush()
      publisher.stop()
    },
  }
}
