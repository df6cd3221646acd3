import { type ChannelKind, channelKind, header } from '@tidings/protocol'
import { Retry } from '../../time/retry.js'
import { type ChannelAddress, channelUrl } from '../../wire/address.js'
import { answerSilenceMs, ask } from '../../wire/http.js'
import { required } from '../channels.js'
import { handled, Outbox, type Unit } from '../outbox.js'
import type { Published, Publisher, PublisherOptions, PublishOptions } from '../publisher.js'
import { isRefusal, ProducerState, publisherStopped } from './producer.js'

/** Characters that are gathered into one request, unless one call alone has more. */
const maxGatheredLength = 256 * 1024

/**
 * Publishes over POST, one request at a time, so that order holds on any number of connections. In a JSON
 * channel, what was published meanwhile goes together in the next request; in text and binary channels one
 * request is one message.
 *
 * @throws ProblemError `address-invalid`, `channel-name-invalid`
 * @see Durable Streams §5.2, §5.2.1
 */
export function postPublisher(address: ChannelAddress, options: PublisherOptions = {}): Publisher {
  return new PostPublisher(address, options)
}

class PostPublisher implements Publisher {
  readonly address: ChannelAddress
  readonly #url: URL
  readonly #options: PublisherOptions
  readonly #contentType: string
  readonly #kind: ChannelKind
  readonly #producer: ProducerState
  readonly #outbox: Outbox
  readonly #lifetime = new AbortController()
  readonly #retry: Retry
  #isSending = false
  /** Why nothing more is taken. */
  #failure: unknown

  constructor(address: ChannelAddress, options: PublisherOptions) {
    this.address = address
    this.#url = channelUrl(address)
    this.#options = options
    this.#contentType = options.contentType ?? 'application/json'
    this.#kind = channelKind(this.#contentType)
    this.#producer = new ProducerState(options)
    this.#outbox = new Outbox(this.#kind, options.maxQueuedLength)
    this.#retry = new Retry(this.#lifetime.signal, options)
    if (options.signal?.aborted) this.#abort()
    else options.signal?.addEventListener('abort', this.#abort)
  }

  publish(messages: readonly unknown[], options?: PublishOptions): Promise<Published> {
    if (this.#failure !== undefined) return handled(Promise.reject(this.#failure))
    const published = this.#outbox.add(messages, options)
    if (!this.#isSending) void this.#send()
    return published
  }

  flush(): Promise<void> {
    return this.#outbox.flush()
  }

  async stop(): Promise<void> {
    this.#failure ??= publisherStopped()
    await this.flush()
    this.#abort()
  }

  /** Sends what waits, until nothing does. Never rejects: its failures are those of the calls. */
  async #send(): Promise<void> {
    this.#isSending = true
    // What is published in the same turn goes into one request.
    await Promise.resolve()
    for (let units = this.#next(); units.length > 0; units = this.#next()) {
      try {
        const published = await this.#append(units)
        this.#producer.nextSequence += 1
        this.#outbox.acknowledge(units, published)
      } catch (error) {
        this.#failed(units, error)
      }
    }
    this.#isSending = false
  }

  #next(): Unit[] {
    return this.#outbox.take(this.#kind === 'json' ? maxGatheredLength : 0)
  }

  /** One append, sent again with the same sequence number until it is answered. */
  async #append(units: readonly Unit[]): Promise<Published> {
    const messages = units.flatMap((unit) => unit.messages)
    const body = this.#kind === 'json' && messages.length > 0 ? `[${messages.join(',')}]` : messages[0]
    const close = units.at(-1)?.close ?? false
    for (;;) {
      try {
        const request = {
          method: 'POST' as const,
          headers: this.#headers(close),
          ...(body !== undefined && { body }),
          signal: this.#lifetime.signal,
          silenceMs: answerSilenceMs,
        }
        const answer = await ask(this.#url, request, this.#options)
        this.#retry.succeeded()
        // Without messages there is nothing that could have been kept before; 204 is then the only answer.
        const duplicate = answer.status === 204 && body !== undefined
        return { nextOffset: required(answer, header.nextOffset), duplicate }
      } catch (error) {
        if (this.#lifetime.signal.aborted) throw publisherStopped()
        if (!this.#producer.claims(error)) await this.#retry.afterFailure(error)
      }
    }
  }

  #headers(close: boolean): Record<string, string> {
    const { id, epoch, nextSequence } = this.#producer
    return {
      'content-type': this.#contentType,
      [header.producerId]: id,
      [header.producerEpoch]: String(epoch),
      [header.producerSequence]: String(nextSequence),
      ...(close && { [header.closed]: 'true' }),
    }
  }

  #failed(units: Unit[], error: unknown): void {
    if (!isRefusal(error)) {
      this.#failure ??= error
      this.#outbox.refuse(units, error)
      this.#outbox.failAll(error)
    } else if (units.length > 1) {
      for (const unit of units) unit.goesAlone = true
      this.#outbox.bringBack(units)
    } else {
      this.#outbox.refuse(units, error)
    }
  }

  readonly #abort = (): void => {
    this.#options.signal?.removeEventListener('abort', this.#abort)
    this.#failure ??= publisherStopped()
    this.#lifetime.abort()
    this.#outbox.failAll(this.#failure)
  }
}
