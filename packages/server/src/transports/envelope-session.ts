import {
  type ClientEnvelope,
  closeCode,
  Problem,
  type PublishEnvelope,
  parseOffset,
  type ServerEnvelope,
  type SubscribeEnvelope,
} from '@tidings/protocol'
import { type End, Subscriber } from '../hub/index.js'
import type { Channel } from '../log/index.js'
import { decodeEnvelope, publishedMessages } from './envelope-decoder.js'
import { envelopesWithOffsets, plainEnvelopes } from './envelope-form.js'
import { Liveness } from './liveness.js'
import { textFrame } from './sinks/websocket-frame.js'
import type { Station } from './transport.js'
import type { WebSocketConnection } from './websocket-connection.js'

/** Channels that one socket may hear. */
const maxSubscriptions = 10_000
/** Publishes of one socket that may wait for the disk; past this many the socket is not read. */
const maxWaitingPublishes = 1_000

/** The conversation of one `tidings.v1` socket: many channels, envelopes both ways. */
export class EnvelopeSession {
  readonly #station: Station
  readonly #connection: WebSocketConnection
  readonly #countPayload: (bytes: number) => void
  readonly #subscribers = new Map<string, Subscriber>()
  readonly #liveness: Liveness
  #waitingPublishes = 0
  #published: Promise<unknown> = Promise.resolve()
  #isFlushing = false

  constructor(station: Station, connection: WebSocketConnection, countPayload: (bytes: number) => void) {
    this.#station = station
    this.#connection = connection
    this.#countPayload = countPayload
    this.#liveness = new Liveness(station, connection, {
      goAway: (retryAfterMs) => {
        this.#send({ type: 'goaway', retryAfterMs })
        connection.close(closeCode.goingAway, 'server-stopping')
      },
    })
  }

  /** @param first the channel in the socket's URL, when there is one: heard as if it were subscribed to */
  begin(first?: { channel: Channel; position: number }): void {
    this.#connection.onMessage((data, isBinary) => this.#take(data, isBinary))
    this.#connection.beforeClose(async () => {
      await this.#published
      this.#connection.flush()
    })
    this.#connection.onGone(() => {
      for (const subscriber of this.#subscribers.values()) subscriber.stop()
      this.#subscribers.clear()
      this.#liveness.stop()
    })
    this.#liveness.start()
    this.#send({ type: 'welcome', heartbeatMs: this.#station.settings.heartbeatMs })
    if (first) this.#hear(first.channel, first.position, false)
  }

  #take(data: Buffer, isBinary: boolean): void {
    if (isBinary) {
      this.#connection.close(closeCode.unsupportedData, 'message-kind-wrong')
      return
    }
    let envelope: ClientEnvelope | undefined
    try {
      envelope = decodeEnvelope(data)
      this.#handle(envelope, data)
    } catch (error) {
      this.#refuse(error, envelope?.type === 'ping' ? undefined : envelope)
    }
  }

  #handle(envelope: ClientEnvelope, text: Buffer): void {
    if (envelope.type === 'publish') this.#publish(envelope, text)
    else if (envelope.type === 'subscribe') this.#subscribe(envelope)
    else if (envelope.type === 'unsubscribe') this.#unsubscribe(envelope.channel)
    else this.#send({ type: 'pong' })
  }

  #unsubscribe(channel: string): void {
    this.#subscribers.get(channel)?.stop()
    this.#subscribers.delete(channel)
    this.#send({ type: 'unsubscribed', channel })
  }

  #subscribe({ channel: name, offset, offsets = false }: SubscribeEnvelope): void {
    if (this.#subscribers.has(name)) {
      throw new Problem('subscription-exists', 'This socket hears the channel already. Unsubscribe first.')
    }
    if (this.#subscribers.size >= maxSubscriptions) {
      throw new Problem(
        'subscriptions-too-many',
        `A socket hears at most ${maxSubscriptions} channels. Open another.`,
      )
    }
    const channel = this.#station.log.find(name)
    const request = parseOffset(offset ?? 'now')
    if (!request)
      throw new Problem('offset-malformed', 'Send an offset that this server gave out, -1 or now.')
    this.#hear(channel, this.#station.log.resolve(channel, request), offsets)
  }

  #hear(channel: Channel, position: number, withOffsets: boolean): void {
    const subscriber = new Subscriber({
      log: this.#station.log,
      hub: this.#station.hub,
      channel,
      position,
      sink: this.#connection,
      form: withOffsets ? envelopesWithOffsets : plainEnvelopes,
      onPayload: this.#countPayload,
      onEnd: (end) => this.#ended(channel, end),
    })
    this.#subscribers.set(channel.name, subscriber)
    subscriber.start()
  }

  #ended(channel: Channel, end: End): void {
    this.#subscribers.delete(channel.name)
    // `closed` went out with the last batch: it is the same for all who hear it.
    if (end.why === 'removed') this.#send({ type: 'deleted', channel: channel.name })
    if (end.why === 'failed') this.#refuse(end.error, { channel: channel.name })
  }

  #publish(envelope: PublishEnvelope, text: Buffer): void {
    const { log, settings } = this.#station
    const channel = log.findToAppend(envelope.channel)
    const messages = publishedMessages(envelope, text, channel.kind, settings)
    const append = log.append(channel, {
      messages,
      close: envelope.close ?? false,
      ...(envelope.producer && { producer: envelope.producer }),
    })
    const answered = append.then(
      ({ nextOffset, isDuplicate }) =>
        this.#send({
          type: 'published',
          ...(envelope.id !== undefined && { id: envelope.id }),
          channel: envelope.channel,
          nextOffset,
          duplicate: isDuplicate,
        }),
      (error: unknown) => this.#refuse(error, envelope),
    )
    this.#published = Promise.all([this.#published, answered])
    this.#hold(answered)
  }

  #hold(answered: Promise<void>): void {
    if (++this.#waitingPublishes === maxWaitingPublishes) this.#connection.pause()
    void answered.then(() => {
      if (this.#waitingPublishes-- === maxWaitingPublishes) this.#connection.resume()
    })
  }

  #refuse(error: unknown, about: { id?: number | string; channel?: string } | undefined): void {
    const problem =
      error instanceof Problem
        ? error
        : new Problem('internal-error', 'The server made a mistake.', {}, { cause: error })
    this.#send({
      type: 'error',
      ...(about?.id !== undefined && { id: about.id }),
      ...(about?.channel !== undefined && { channel: about.channel }),
      code: problem.code,
      detail: problem.message,
      ...problem.facts,
    })
  }

  /** Answers of one turn go in one write. */
  #send(envelope: ServerEnvelope): void {
    this.#connection.push(textFrame(JSON.stringify(envelope)))
    if (this.#isFlushing) return
    this.#isFlushing = true
    setImmediate(() => {
      this.#isFlushing = false
      this.#connection.flush()
    })
  }
}
