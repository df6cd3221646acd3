import {
  closeCode,
  Problem,
  parseStart,
  type ServerEnvelope,
  type SubscribeEnvelope,
} from '@tidings/protocol'
import { type End, Subscriber, type SubscriberOwner, Turns } from '../hub/index.js'
import { type Channel, firstUseContentType, totalBytes } from '../log/index.js'
import {
  type ClientRequest,
  type EnvelopeFields,
  EnvelopeReader,
  type PublishRequest,
  publishedMessages,
  subjectOf,
} from './envelope-decoder.js'
import { envelopesWithOffsets, plainEnvelopes } from './envelope-form.js'
import { envelopeString, errorEnvelope, PublishedEnvelopes } from './envelope-text.js'
import type { Account } from './exchange.js'
import { Inflow } from './inflow.js'
import { Liveness } from './liveness.js'
import { textFrameString } from './sinks/websocket-frame.js'
import type { Leaving, Station } from './transport.js'
import type { WebSocketConnection, WebSocketListener } from './websocket-connection.js'

/** Channels that one socket may hear. */
const maxSubscriptions = 10_000

/** The conversation of one `tidings.v1` socket: many channels, envelopes both ways. */
export class EnvelopeSession implements WebSocketListener, SubscriberOwner, Leaving {
  readonly #station: Station
  readonly #connection: WebSocketConnection
  readonly #account: Account
  readonly #subscribers = new Map<string, Subscriber>()
  /** However many of them are behind, together they hold no more than one of them would. */
  readonly #turns = new Turns()
  readonly #reader: EnvelopeReader
  readonly #publishedEnvelopes = new PublishedEnvelopes()
  readonly #liveness: Liveness
  readonly #inflow: Inflow
  #isFlushing = false
  #isWaitingForReader = false

  constructor(station: Station, connection: WebSocketConnection, account: Account) {
    this.#station = station
    this.#connection = connection
    this.#account = account
    this.#reader = new EnvelopeReader(station.settings)
    this.#inflow = new Inflow(connection)
    this.#liveness = new Liveness(station, connection, this)
  }

  /** @param first the channel in the socket's URL, when there is one: heard as if it were subscribed to */
  begin(first?: { channel: Channel; position: number }): void {
    this.#liveness.start()
    this.#send({ type: 'welcome', heartbeatMs: this.#station.settings.heartbeatMs })
    if (first) this.#hear(first.channel, first.position, false)
    // Last: of a client that is gone already, this tells at once.
    this.#connection.hear(this)
  }

  async settled(): Promise<void> {
    await this.#inflow.settled()
    this.#connection.flush()
  }

  gone(): void {
    for (const subscriber of this.#subscribers.values()) subscriber.stop()
    this.#subscribers.clear()
    this.#liveness.stop()
  }

  goAway(retryAfterMs: number): void {
    this.#send({ type: 'goaway', retryAfterMs })
    this.#connection.close(closeCode.goingAway, 'server-stopping')
  }

  pushed(payloadBytes: number): void {
    this.#account.countPayload(payloadBytes)
  }

  ended(end: End, channel: Channel): void {
    this.#subscribers.delete(channel.name)
    // `closed` went out with the last batch: it is the same for all who hear it.
    if (end.why === 'removed') this.#send({ type: 'deleted', channel: channel.name })
    if (end.why === 'failed') this.#refuse(end.error, { channel: channel.name })
  }

  tookMessage(data: Buffer, isBinary: boolean): void {
    if (isBinary) {
      this.#connection.close(closeCode.unsupportedData, 'message-kind-wrong')
      return
    }
    let fields: EnvelopeFields | undefined
    try {
      fields = this.#reader.fields(data)
      this.#handle(this.#reader.request(fields))
    } catch (error) {
      this.#refuse(error, fields ? subjectOf(fields) : {})
    }
  }

  #handle(request: ClientRequest): void {
    if (request.type === 'publish') this.#publish(request)
    else if (request.type === 'subscribe') this.#subscribe(request)
    else if (request.type === 'unsubscribe') this.#unsubscribe(request.channel)
    else this.#send({ type: 'pong' })
  }

  #unsubscribe(channel: string): void {
    this.#subscribers.get(channel)?.stop()
    this.#subscribers.delete(channel)
    this.#send({ type: 'unsubscribed', channel })
  }

  #subscribe({ channel: name, offsets = false, ...from }: SubscribeEnvelope): void {
    if (this.#subscribers.has(name)) {
      throw new Problem('subscription-exists', 'This socket hears the channel already. Unsubscribe first.')
    }
    if (this.#subscribers.size >= maxSubscriptions) {
      throw new Problem(
        'subscriptions-too-many',
        `A socket hears at most ${maxSubscriptions} channels. Open another.`,
      )
    }
    const start = parseStart(from) ?? { at: 'now' }
    const channel = this.#station.log.findToHear(name, start)
    this.#hear(channel, this.#station.log.resolve(channel, start), offsets)
  }

  #hear(channel: Channel, position: number | Promise<number>, withOffsets: boolean): void {
    const subscriber = new Subscriber({
      log: this.#station.log,
      hub: this.#station.hub,
      channel,
      position,
      sink: this.#connection,
      form: withOffsets ? envelopesWithOffsets : plainEnvelopes,
      turns: this.#turns,
      owner: this,
    })
    this.#subscribers.set(channel.name, subscriber)
    subscriber.start()
  }

  #publish(request: PublishRequest): void {
    const { log, settings } = this.#station
    const { id, channel: name, producer, close } = request
    const channel = log.findToAppend(name, () => firstUseContentType)
    const messages = publishedMessages(request, channel.kind, settings)
    const bytes = totalBytes(messages)
    this.#inflow.take(bytes)
    log.appendThen(channel, { messages, close, ...(producer && { producer }) }, (result) => {
      if (result instanceof Error) this.#refuse(result, { channel: name, ...(id !== undefined && { id }) })
      else this.#push(this.#publishedEnvelopes.of(id, name, result))
      this.#inflow.settle(bytes)
    })
  }

  #refuse(error: unknown, about: { id?: number | string; channel?: string }): void {
    this.#send(errorEnvelope(this.#account.problemOf(error), about))
  }

  /** A client that asks and does not read the answers is not read either, until it does. */
  #waitForReader(): void {
    if (this.#isWaitingForReader || !this.#connection.isBackedUp) return
    this.#isWaitingForReader = true
    this.#connection.pause()
    void this.#connection.drained().then(() => {
      this.#isWaitingForReader = false
      this.#connection.resume()
    })
  }

  #send(envelope: ServerEnvelope): void {
    this.#push(envelopeString(envelope))
  }

  /** Answers of one turn go in one write. */
  #push(envelope: string): void {
    this.#connection.pushByteString(textFrameString(envelope))
    this.#waitForReader()
    if (this.#isFlushing) return
    this.#isFlushing = true
    setImmediate(() => {
      this.#isFlushing = false
      this.#connection.flush()
    })
  }
}
