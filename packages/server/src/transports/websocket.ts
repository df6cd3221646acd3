import { closeCode, Problem, problems, subprotocol } from '@tidings/protocol'
import { type End, Subscriber, type WireForm } from '../hub/index.js'
import { type Channel, gone, messagesOf, unknownChannel } from '../log/index.js'
import { EnvelopeSession } from './envelope-session.js'
import type { Exchange } from './exchange.js'
import { Inflow } from './inflow.js'
import { Liveness } from './liveness.js'
import { frameHead, opcode } from './sinks/websocket-frame.js'
import type { Station, Transport } from './transport.js'
import type { WebSocketConnection } from './websocket-connection.js'

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
    if (chosen) new EnvelopeSession(station, connection, exchange).begin({ channel, position })
    else new PlainSession(station, connection, exchange, channel).begin(position)
  },
}

/** One channel on one socket, message by message. */
class PlainSession {
  readonly #station: Station
  readonly #connection: WebSocketConnection
  readonly #exchange: Exchange
  readonly #channel: Channel
  readonly #liveness: Liveness
  readonly #inflow: Inflow
  /** Where the commit ends that kept the last append of this socket. */
  #keptEnd = 0
  #isRefused = false

  constructor(station: Station, connection: WebSocketConnection, exchange: Exchange, channel: Channel) {
    this.#station = station
    this.#exchange = exchange
    this.#connection = connection
    this.#channel = channel
    this.#inflow = new Inflow(connection)
    this.#liveness = new Liveness(station, connection, {
      goAway: () => connection.close(closeCode.goingAway, 'server-stopping'),
    })
  }

  begin(position: number): void {
    const subscriber = new Subscriber({
      log: this.#station.log,
      hub: this.#station.hub,
      channel: this.#channel,
      position,
      sink: this.#connection,
      form: plainForm,
      onPayload: (bytes) => this.#exchange.countPayload(bytes),
      onEnd: (end) => this.#ended(end),
    })
    this.#connection.onMessage((data, isBinary) => this.#take(data, isBinary))
    this.#connection.beforeClose(async () => {
      await this.#inflow.settled()
      await subscriber.reached(this.#keptEnd)
      this.#connection.flush()
    })
    this.#connection.onGone(() => {
      subscriber.stop()
      this.#liveness.stop()
    })
    this.#liveness.start()
    subscriber.start()
  }

  #take(data: Buffer, isBinary: boolean): void {
    if (this.#isRefused) return
    try {
      this.#append(data, isBinary)
    } catch (error) {
      this.#refuse(error)
    }
  }

  #append(data: Buffer, isBinary: boolean): void {
    const { log, settings } = this.#station
    const channel = log.findToAppend(this.#channel.name)
    // Another channel has taken the name; that this one is gone will be heard soon.
    if (channel !== this.#channel) throw unknownChannel(channel.name)
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
    this.#inflow.take(byteLength)
    log.appendThen(channel, { messages }, (result) => {
      if (result instanceof Error) this.#refuse(result)
      else this.#keptEnd = channel.keptTail
      this.#inflow.settle(byteLength)
    })
  }

  #refuse(error: unknown): void {
    if (this.#isRefused) return
    this.#isRefused = true
    const { code } = this.#exchange.problemOf(error)
    this.#connection.close(problems[code].close, code)
  }

  #ended(end: End): void {
    if (end.why === 'closed') this.#connection.close(closeCode.normal, 'channel-closed')
    else this.#refuse(end.why === 'removed' ? gone(this.#channel) : end.error)
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
