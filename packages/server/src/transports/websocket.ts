import { closeCode, Problem, problems, subprotocol } from '@tidings/protocol'
import { type End, Subscriber, type SubscriberOwner, type WireForm } from '../hub/index.js'
import { type Channel, gone, messagesOf, unknownChannel } from '../log/index.js'
import { EnvelopeSession } from './envelope-session.js'
import type { Account } from './exchange.js'
import { Inflow } from './inflow.js'
import { Liveness } from './liveness.js'
import { frameHead, opcode } from './sinks/websocket-frame.js'
import type { Leaving, Station, Transport } from './transport.js'
import type { WebSocketConnection, WebSocketListener } from './websocket-connection.js'

/**
 * WebSocket: an HTTP/1.1 upgrade, then frames both ways, in order, on the port that HTTP uses.
 *
 * A socket that offers `tidings.v1` speaks envelopes and hears many channels (`envelope-session.ts`). Any
 * other speaks plain mode: each message is one frame, in and out, and no offset is told.
 *
 *     C-> GET …?live=websocket   Upgrade: websocket
 *     S-> 101
 *     S-> {"cake":"ready"}
 *     C-> {"more":"cake"}
 *     S-> {"more":"cake"}                 the sender is a reader like any other
 *     C-> close 1000
 *     S-> close 1000                      after the appends before it were kept and echoed
 *
 * @see RFC 6455
 */
export const websocket: Transport = {
  way: 'websocket',

  async open(station, exchange, { channel, position, subprotocols }) {
    await station.log.reader.checkStart(channel, position)
    const chosen = subprotocols.includes(subprotocol) ? subprotocol : undefined
    const connection = await exchange.upgrade({ subprotocol: chosen })
    if (chosen) new EnvelopeSession(station, connection, exchange.account).begin({ channel, position })
    else new PlainSession(station, connection, exchange.account, { channel, position }).begin()
  },
}

/**
 * One channel on one socket, message by message.
 *
 * Budget: idle, this, its liveness and its subscriber; no closures (bench/idle).
 */
class PlainSession implements WebSocketListener, SubscriberOwner, Leaving {
  readonly #station: Station
  readonly #connection: WebSocketConnection
  readonly #account: Account
  readonly #subscriber: Subscriber
  readonly #liveness: Liveness
  /** Absent until something is appended. */
  #inflow: Inflow | undefined
  /** Where the commit ends that kept the last append of this socket. */
  #keptEnd = 0
  #isRefused = false

  constructor(
    station: Station,
    connection: WebSocketConnection,
    account: Account,
    place: { readonly channel: Channel; readonly position: number },
  ) {
    this.#station = station
    this.#account = account
    this.#connection = connection
    this.#liveness = new Liveness(station, connection, this)
    const { log, hub } = station
    this.#subscriber = new Subscriber({ log, hub, ...place, sink: connection, form: plainForm, owner: this })
  }

  begin(): void {
    this.#liveness.start()
    this.#subscriber.start()
    // Last: of a client that is gone already, this tells at once.
    this.#connection.hear(this)
  }

  async settled(): Promise<void> {
    await this.#inflow?.settled()
    await this.#subscriber.reached(this.#keptEnd)
    this.#connection.flush()
  }

  gone(): void {
    this.#subscriber.stop()
    this.#liveness.stop()
  }

  goAway(): void {
    this.#connection.close(closeCode.goingAway, 'server-stopping')
  }

  pushed(payloadBytes: number): void {
    this.#account.countPayload(payloadBytes)
  }

  ended(end: End, channel: Channel): void {
    if (end.why === 'closed') this.#connection.close(closeCode.normal, 'channel-closed')
    else this.#refuse(end.why === 'removed' ? gone(channel) : end.error)
  }

  tookMessage(data: Buffer, isBinary: boolean): void {
    if (this.#isRefused) return
    try {
      this.#append(data, isBinary)
    } catch (error) {
      this.#refuse(error)
    }
  }

  #append(data: Buffer, isBinary: boolean): void {
    const { log, settings } = this.#station
    const channel = log.findToAppend(this.#subscriber.channel.name)
    // Another channel has taken the name; that this one is gone will be heard soon.
    if (channel !== this.#subscriber.channel) throw unknownChannel(channel.name)
    if (isBinary !== (channel.kind === 'binary')) {
      throw new Problem(
        'message-kind-wrong',
        `This channel takes ${channel.kind === 'binary' ? 'binary' : 'text'} frames.`,
      )
    }
    if (data.byteLength === 0) throw new Problem('message-empty', 'A message has at least one byte.')
    // One frame is one message, a JSON array too. A copy, since the frame's bytes share the socket's buffer.
    const messages = messagesOf(channel.kind, Buffer.from(data), {
      maxMessageBytes: settings.maxMessageBytes,
      flatten: false,
    })
    const { byteLength } = data
    this.#inflow ??= new Inflow(this.#connection)
    const inflow = this.#inflow
    inflow.take(byteLength)
    log.appendThen(channel, { messages }, (result) => {
      if (result instanceof Error) this.#refuse(result)
      else this.#keptEnd = channel.keptTail
      inflow.settle(byteLength)
    })
  }

  #refuse(error: unknown): void {
    if (this.#isRefused) return
    this.#isRefused = true
    const { code } = this.#account.problemOf(error)
    this.#connection.close(problems[code].close, code)
  }
}

/** Each message is one frame, never several joined in one. */
const plainForm: WireForm = {
  encode(batches, { channel }) {
    const code = channel.kind === 'binary' ? opcode.binary : opcode.text
    const parts: Uint8Array[] = []
    for (const batch of batches) {
      for (let index = 0; index < batch.messageCount; index++) {
        const message = batch.message(index)
        parts.push(frameHead(code, message.byteLength), message)
      }
    }
    return Buffer.concat(parts)
  },
  atTail: () => undefined,
}
