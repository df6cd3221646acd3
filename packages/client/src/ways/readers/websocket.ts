import { answerMalformed } from '../../problem-error.js'
import { Retry } from '../../time/retry.js'
import type { ChannelAddress } from '../../wire/address.js'
import { channelUrl } from '../../wire/address.js'
import { decodeBase64 } from '../../wire/base64.js'
import type { Start } from '../../wire/start.js'
import { splitMessages } from '../answer-batch.js'
import {
  binaryBatch,
  emptyBatch,
  isNews,
  jsonBatch,
  type Position,
  type ReadBatch,
  textBatch,
} from '../batch.js'
import { KindQuestion } from '../kind-question.js'
import { iterable } from '../lifetime.js'
import type { Reader, ReaderOptions } from '../reader.js'
import type { RawData } from '../socket/server-envelope.js'
import { type SocketOptions, TidingsSocket } from '../socket/socket.js'
import { Subscription, type SubscriptionOptions } from '../socket/subscription.js'

export interface WebSocketOptions extends ReaderOptions, SocketOptions, SubscriptionOptions {
  /** Hear over this one, beside others; default: a socket of its own. */
  readonly socket?: TidingsSocket
}

/**
 * WebSocket: the server pushes envelopes of `tidings.v1`, many channels over one socket. The socket
 * reconnects by itself and every subscription goes on from its offset.
 *
 * @see RFC 6455; docs/protocol.md, envelopes
 */
export const webSocketReader: Reader<WebSocketOptions> = {
  way: 'websocket',
  open: (address, start, options = {}) =>
    iterable(options.signal, (signal) => subscribe(address, start, signal, options)),
}

async function* subscribe(
  address: ChannelAddress,
  from: Start,
  signal: AbortSignal,
  options: WebSocketOptions,
): AsyncGenerator<ReadBatch, void, void> {
  // A name that no server takes is refused here as the HTTP ways refuse it.
  channelUrl(address)
  const socket = options.socket ?? new TidingsSocket(address.server, options)
  const kind = new PatientKindQuestion(address, signal, options)
  const subscription = new Subscription(socket, address.channel, from, signal, options)
  // An abort must free the socket while the consumer is busy with a batch, not when it asks for the next.
  const end = () => subscription.end()
  signal.addEventListener('abort', end)
  let previous: Position | undefined
  try {
    for (;;) {
      const envelope = await subscription.next()
      if (envelope === undefined) return
      const batch =
        envelope.type === 'closed'
          ? emptyBatch({ nextOffset: envelope.nextOffset, upToDate: true, closed: true })
          : await batchFromEnvelope(envelope, kind)
      if (isNews(batch, previous)) yield batch
      if (batch.closed) return
      previous = batch
    }
  } finally {
    signal.removeEventListener('abort', end)
    end()
  }
}

async function batchFromEnvelope(envelope: RawData, question: PatientKindQuestion): Promise<ReadBatch> {
  const { nextOffset, upToDate, committedAtMs } = envelope
  const position = {
    nextOffset,
    upToDate,
    closed: false,
    ...(committedAtMs !== undefined && { committedAtMs }),
  }
  const raw = splitMessages(envelope.messages)
  if (raw.length === 0) return emptyBatch(position)
  if (envelope.isBase64) return binaryBatch(raw.map(parseString).map(decodeBase64), position)
  const kind = await question.ask()
  return kind === 'text' ? textBatch(raw.map(parseString), position) : jsonBatch(raw, position)
}

function parseString(raw: string): string {
  const value = parsed(raw)
  if (typeof value !== 'string') throw answerMalformed('A message is no string.')
  return value
}

function parsed(raw: string): unknown {
  try {
    return JSON.parse(raw)
  } catch (error) {
    throw answerMalformed('A message is no string.', error)
  }
}

/** The socket's own reconnecting does not help a request beside it. */
class PatientKindQuestion extends KindQuestion {
  readonly #signal: AbortSignal
  readonly #retry: Retry

  constructor(address: ChannelAddress, signal: AbortSignal, options: ReaderOptions) {
    super(address, signal, options)
    this.#signal = signal
    this.#retry = new Retry(signal, options)
  }

  override async ask() {
    for (;;) {
      try {
        return await super.ask()
      } catch (error) {
        // An aborted request fails at once, every time.
        if (this.#signal.aborted) throw error
        await this.#retry.afterFailure(error)
      }
    }
  }
}
