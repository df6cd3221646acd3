import { type ChannelKind, channelKind } from '@tidings/protocol'
import { answerMalformed, type ProblemError, problemFromEnvelope } from '../../problem-error.js'
import { Retry } from '../../time/retry.js'
import { type ChannelAddress, channelUrl } from '../../wire/address.js'
import { encodeBase64 } from '../../wire/base64.js'
import { type Encoded, handled, Outbox, type Unit } from '../outbox.js'
import type { Published, Publisher, PublisherOptions, PublishOptions } from '../publisher.js'
import type { OtherEnvelope, RawData } from '../socket/server-envelope.js'
import { type SocketOptions, type SocketUser, TidingsSocket } from '../socket/socket.js'
import { isRefusal, ProducerState, publisherStopped } from './producer.js'

export interface SocketPublisherOptions extends PublisherOptions, SocketOptions {
  /** Publish over this one, beside others; default: a socket of its own. */
  readonly socket?: TidingsSocket
}

/** Envelopes that may wait for their answers; what comes then waits, and goes together. */
const maxInFlight = 64

/** Characters that are gathered into one envelope, unless one call alone has more. */
const maxGatheredLength = 64 * 1024

/**
 * Publishes over a WebSocket, many envelopes at a time: the server handles a socket's publishes in order.
 * What was not acknowledged when a connection broke is sent again over the next one, in order, with the same
 * sequence numbers, so that it is stored once.
 *
 * @throws ProblemError `address-invalid`, `channel-name-invalid`
 */
export function socketPublisher(address: ChannelAddress, options: SocketPublisherOptions = {}): Publisher {
  return new SocketPublisher(address, options)
}

/** An envelope that waits for its answer. */
interface Sent {
  readonly units: Unit[]
  sequence: number
  /** Of its latest sending; an answer to an earlier one says nothing any more. */
  id: number
  /** Refused because an earlier one is missing: that one's answer decides what this means. */
  gap?: ProblemError
}

class SocketPublisher implements Publisher, SocketUser {
  readonly address: ChannelAddress
  readonly #options: SocketPublisherOptions
  readonly #kind: ChannelKind
  readonly #producer: ProducerState
  readonly #outbox: Outbox
  readonly #socket: TidingsSocket
  readonly #lifetime = new AbortController()
  readonly #retry: Retry
  /** In order of their sequence numbers. */
  #sent: Sent[] = []
  #hasJoined = false
  #isBackingOff = false
  /** Why nothing more is taken. */
  #failure: unknown

  constructor(address: ChannelAddress, options: SocketPublisherOptions) {
    channelUrl(address)
    this.address = address
    this.#options = options
    this.#kind = channelKind(options.contentType ?? 'application/json')
    this.#producer = new ProducerState(options)
    this.#outbox = new Outbox(this.#kind, options.maxQueuedLength)
    this.#socket = options.socket ?? new TidingsSocket(address.server, options)
    this.#retry = new Retry(this.#lifetime.signal, options)
    if (options.signal?.aborted) this.#abort()
    else options.signal?.addEventListener('abort', this.#abort)
  }

  publish(messages: readonly unknown[], options?: PublishOptions): Promise<Published> {
    if (this.#failure !== undefined) return handled(Promise.reject(this.#failure))
    const published = this.#outbox.add(messages, options)
    if (this.#hasJoined) this.#fill()
    else {
      this.#hasJoined = true
      this.#socket.join(this)
    }
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

  connected(): void {
    this.#resendFrom(0)
    this.#fill()
  }

  lost(): void {
    // What was sent is kept, for the next connection.
  }

  failed(error: unknown): void {
    this.#fail(error)
  }

  received(envelope: RawData | OtherEnvelope): void {
    if (!('fields' in envelope)) return
    const index = this.#sent.findIndex((sent) => sent.id === envelope.fields.id)
    if (index === -1) return
    if (envelope.type === 'published') this.#acknowledged(index, envelope.fields)
    else this.#refused(index, problemFromEnvelope(envelope.fields))
    this.#fill()
  }

  #acknowledged(index: number, fields: Readonly<Record<string, unknown>>): void {
    const { nextOffset, duplicate } = fields
    if (typeof nextOffset !== 'string') {
      this.#fail(answerMalformed('published has no nextOffset.'))
      return
    }
    this.#retry.succeeded()
    const [sent] = this.#sent.splice(index, 1) as [Sent]
    this.#outbox.acknowledge(sent.units, { nextOffset, duplicate: duplicate === true })
    this.#checkGap()
  }

  #refused(index: number, error: ProblemError): void {
    const sent = this.#sent[index] as Sent
    if (error.code === 'producer-gap') {
      sent.gap = error
      this.#checkGap()
    } else if (this.#producer.claims(error)) {
      this.#renumberFrom(0, 0)
    } else if (error.isTransient) {
      this.#backOff(error)
    } else if (isRefusal(error)) {
      this.#sent.splice(index, 1)
      if (sent.units.length > 1) this.#sent.splice(index, 0, ...sent.units.map(alone))
      else this.#outbox.refuse(sent.units, error)
      // The refused number is free: those behind it were refused for want of it, and move up.
      this.#renumberFrom(index, sent.sequence)
    } else {
      this.#fail(error)
    }
  }

  /** A gap before the first that waits is none that we made: what was acknowledged is gone on the server. */
  #checkGap(): void {
    const gap = this.#sent[0]?.gap
    if (gap !== undefined) this.#fail(gap)
  }

  #renumberFrom(index: number, sequence: number): void {
    this.#sent.slice(index).forEach((sent, distance) => {
      sent.sequence = sequence + distance
    })
    this.#producer.nextSequence = sequence + this.#sent.length - index
    this.#resendFrom(index)
  }

  #resendFrom(index: number): void {
    for (const sent of this.#sent.slice(index)) this.#send(sent)
  }

  #backOff(error: ProblemError): void {
    if (this.#isBackingOff) return
    this.#isBackingOff = true
    this.#retry.afterFailure(error).then(
      () => {
        this.#isBackingOff = false
        this.connected()
      },
      (permanent: unknown) => this.#fail(permanent),
    )
  }

  #fill(): void {
    while (this.#socket.isConnected && !this.#isBackingOff && this.#sent.length < maxInFlight) {
      const units = this.#outbox.take(maxGatheredLength)
      if (units.length === 0) return
      const sent = { units, sequence: this.#producer.nextSequence, id: 0 }
      this.#producer.nextSequence += 1
      this.#sent.push(sent)
      this.#send(sent)
    }
  }

  #send(sent: Sent): void {
    delete sent.gap
    if (!this.#socket.isConnected || this.#isBackingOff) return
    sent.id = this.#socket.nextId(this)
    this.#socket.send(this.#envelope(sent))
  }

  /** Put together from texts, since a JSON message may be one that `stringify` would change. */
  #envelope({ units, sequence, id }: Sent): string {
    const { id: producerId, epoch } = this.#producer
    const messages = units.flatMap((unit) => unit.messages).map((message) => this.#encode(message))
    const head = JSON.stringify({
      type: 'publish',
      id,
      channel: this.address.channel,
      producer: { id: producerId, epoch, seq: sequence },
      ...(units.at(-1)?.close && { close: true }),
      ...(this.#kind === 'binary' && { encoding: 'base64' }),
    })
    return messages.length === 0 ? head : `${head.slice(0, -1)},"messages":[${messages.join(',')}]}`
  }

  #encode(message: Encoded): string {
    if (typeof message !== 'string') return `"${encodeBase64(message)}"`
    return this.#kind === 'json' ? message : JSON.stringify(message)
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.#outbox.failAll(error)
    this.#abort()
  }

  readonly #abort = (): void => {
    this.#options.signal?.removeEventListener('abort', this.#abort)
    this.#failure ??= publisherStopped()
    this.#lifetime.abort()
    this.#sent = []
    this.#outbox.failAll(this.#failure)
    this.#socket.leave(this)
  }
}

function alone(unit: Unit): Sent {
  unit.goesAlone = true
  return { units: [unit], sequence: 0, id: 0 }
}
