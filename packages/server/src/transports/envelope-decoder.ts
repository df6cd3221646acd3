import {
  type ChannelKind,
  type ClientEnvelope,
  checkChannelName,
  checkProducer,
  Problem,
  type Producer,
  type PublishEnvelope,
} from '@tidings/protocol'
import {
  checkSize,
  isJsonArray,
  isSameText,
  jsonArrayMessages,
  jsonMembers,
  KnownTexts,
  messagesOf,
} from '../log/index.js'

type FieldName =
  | 'type'
  | 'id'
  | 'channel'
  | 'offset'
  | 'last'
  | 'since'
  | 'offsets'
  | 'messages'
  | 'encoding'
  | 'producer'
  | 'close'

/** What a client may write in an envelope, the most usual first. */
const fieldNames = new KnownTexts<FieldName>([
  'type',
  'channel',
  'messages',
  'id',
  'producer',
  'close',
  'encoding',
  'offset',
  'last',
  'since',
  'offsets',
])

/** Longest field that is not `messages`, bytes: a channel's name with each character escaped is shorter. */
const maxFieldBytes = 8 * 1024
/** Longest text that may name a request, in UTF-16 units. */
const maxIdLength = 256

const typeNames = new KnownTexts(['publish', 'subscribe', 'unsubscribe', 'ping', 'auth'])

/** Texts up to this are remembered from one envelope to the next, bytes: the longest names of channels are. */
const maxRememberedBytes = 1_024

/** An envelope's fields. The messages stay text: they may be megabytes, and a JSON channel keeps them as sent. */
export interface EnvelopeFields {
  readonly values: FieldValues
  readonly messages: Uint8Array | undefined
}

/** Undefined are those that are not there. */
type FieldValues = Readonly<Record<Exclude<FieldName, 'messages'>, unknown>>

/** A `publish` whose messages are still the text of a JSON array. */
export interface PublishRequest {
  readonly type: 'publish'
  readonly channel: string
  readonly messages: Uint8Array | undefined
  readonly id: number | string | undefined
  readonly encoding: 'base64' | undefined
  readonly producer: Producer | undefined
  readonly close: boolean
}

export type ClientRequest = Exclude<ClientEnvelope, PublishEnvelope> | PublishRequest

/**
 * Reads the envelopes of one socket. A publisher writes the same channel again and again: what its bytes say is
 * remembered, and a name that was checked is not checked again.
 *
 * Budget for a publish: one view of its messages and two small objects; no text is made (bench/publish).
 */
export class EnvelopeReader {
  readonly #maxNameBytes: number
  /** None on the many sockets that only listen. */
  #channel: LastText | undefined
  #checkedName: string | undefined

  constructor(limits: { readonly maxNameBytes: number }) {
    this.#maxNameBytes = limits.maxNameBytes
  }

  /**
   * @param text one text frame, which is UTF-8
   * @throws Problem `envelope-invalid`
   */
  fields(text: Buffer): EnvelopeFields {
    let messages: Uint8Array | undefined
    const values: Record<keyof FieldValues, unknown> = {
      type: undefined,
      id: undefined,
      channel: undefined,
      offset: undefined,
      last: undefined,
      since: undefined,
      offsets: undefined,
      encoding: undefined,
      producer: undefined,
      close: undefined,
    }
    const isObject = jsonMembers(text, fieldNames, (name, start, end) => {
      if (name === 'messages') messages = text.subarray(start, end)
      else if (name === 'type') {
        values.type = typeNames.find(text, start, end) ?? fieldValue(text, start, end)
      } else if (name === 'channel') {
        values.channel = this.#channel?.of(text, start, end) ?? fieldValue(text, start, end)
      } else values[name] = fieldValue(text, start, end)
    })
    if (!isObject) throw invalid('An envelope is a JSON object.')
    return { values, messages }
  }

  /** @throws Problem `envelope-invalid`, `channel-name-invalid`, `producer-invalid`, `not-implemented` */
  request({ values, messages }: EnvelopeFields): ClientRequest {
    switch (values.type) {
      case 'ping':
        return { type: 'ping' }
      case 'subscribe':
        return {
          type: 'subscribe',
          channel: this.#channelName(values),
          ...(values.offset !== undefined && { offset: stringField(values, 'offset') }),
          ...(values.last !== undefined && { last: numberField(values, 'last') }),
          ...(values.since !== undefined && { since: stringField(values, 'since') }),
          ...(values.offsets !== undefined && { offsets: booleanField(values, 'offsets') }),
        }
      case 'unsubscribe':
        return { type: 'unsubscribe', channel: this.#channelName(values) }
      case 'publish':
        this.#channel ??= new LastText()
        return decodePublish(values, messages, this.#channelName(values))
      case 'auth':
        throw new Problem('not-implemented', 'This server has no access control: no token is needed.')
      default:
        throw invalid('"type" is one of subscribe, unsubscribe, publish and ping.')
    }
  }

  #channelName(values: FieldValues): string {
    const name = stringField(values, 'channel')
    if (name === this.#checkedName) return name
    checkChannelName(name, this.#maxNameBytes)
    this.#checkedName = name
    return name
  }
}

/** What a field said last. */
class LastText {
  #text: Uint8Array | undefined
  #value: unknown

  of(text: Buffer, start: number, end: number): unknown {
    if (this.#text && isSameText(this.#text, text, start, end)) return this.#value
    const value = fieldValue(text, start, end)
    // A copy of its own: it must hold nothing of what it came with, nor of a pool.
    if (end - start <= maxRememberedBytes) {
      this.#text = new Uint8Array(text.subarray(start, end))
      this.#value = value
    }
    return value
  }
}

/** @returns the value, which is valid JSON; null when it is too long: that is as good as one of no known type */
function fieldValue(text: Buffer, start: number, end: number): unknown {
  if (end - start > maxFieldBytes) return null
  return smallCount(text, start, end) ?? JSON.parse(text.toString('utf8', start, end))
}

/** Decimal digits of which every number is exact, without a look at how many bits it takes. */
const exactDigits = 15

/** A whole number of few digits, as most ids are: without a text to parse. */
function smallCount(text: Uint8Array, start: number, end: number): number | undefined {
  if (end - start > exactDigits) return undefined
  let count = 0
  for (let at = start; at < end; at++) {
    const digit = (text[at] as number) - 0x30
    if (digit < 0 || digit > 9) return undefined
    count = count * 10 + digit
  }
  return count
}

/** What an answer to these fields is about, as far as that can be told: also of an envelope that is refused. */
export function subjectOf({ values }: EnvelopeFields): { id?: number | string; channel?: string } {
  const { id, channel } = values
  return { ...(isId(id) && { id }), ...(typeof channel === 'string' && { channel }) }
}

function decodePublish(
  values: FieldValues,
  messages: Uint8Array | undefined,
  channel: string,
): PublishRequest {
  const { id, encoding } = values
  if (id !== undefined && !isId(id)) {
    throw invalid(`"id" is a number to 2^53-1 or a string of at most ${maxIdLength} characters.`)
  }
  if (messages !== undefined && !isJsonArray(messages)) throw invalid('"messages" is an array.')
  if (encoding !== undefined && encoding !== 'base64') throw invalid('"encoding" is "base64" or absent.')
  return {
    type: 'publish',
    channel,
    messages,
    id,
    encoding,
    producer: values.producer === undefined ? undefined : producerField(values.producer),
    close: values.close === undefined ? false : booleanField(values, 'close'),
  }
}

/**
 * The messages of a `publish` as the channel keeps them: JSON values as they stand in the envelope's text,
 * strings as UTF-8, base64 as bytes.
 *
 * @throws Problem `message-empty`, `message-invalid`, `message-too-large`, `messages-too-many`
 */
export function publishedMessages(
  { messages: array, encoding, close }: PublishRequest,
  kind: ChannelKind,
  limits: { readonly maxMessageBytes: number },
): Uint8Array[] {
  const values = array ? jsonArrayMessages(array) : []
  if (values.length === 0 && !close) {
    throw new Problem('message-empty', 'Send at least one message, or "close":true.')
  }
  if (values.length > 0 && (encoding === 'base64') !== (kind === 'binary')) {
    throw new Problem(
      'message-invalid',
      kind === 'binary'
        ? 'A binary channel takes base64 strings beside "encoding":"base64".'
        : `A ${kind} channel takes its messages as they are, without "encoding".`,
    )
  }
  if (kind === 'json') {
    for (const value of values) checkSize(value, limits.maxMessageBytes)
    // Copies, so that the envelope's buffer is not kept alive by its messages.
    return values.map((value) => Buffer.from(value))
  }
  return values.flatMap((value) => {
    const bytes = bytesOf(value, kind)
    if (bytes.byteLength === 0) throw new Problem('message-empty', 'A message has at least one byte.')
    return messagesOf(kind, bytes, { ...limits, flatten: false })
  })
}

/** @param json a valid JSON value */
function bytesOf(json: Uint8Array, kind: 'text' | 'binary'): Buffer {
  const value: unknown =
    json[0] === 0x22
      ? JSON.parse(Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString())
      : undefined
  if (typeof value !== 'string') throw new Problem('message-invalid', 'This channel takes strings.')
  if (kind === 'text') {
    if (/\p{Surrogate}/u.test(value)) {
      throw new Problem('message-invalid', 'The text has half a surrogate pair, which UTF-8 can not carry.')
    }
    return Buffer.from(value)
  }
  if (!isBase64(value)) throw new Problem('message-invalid', 'Not base64 of RFC 4648 §4.')
  return Buffer.from(value, 'base64')
}

/** Not one regular expression for all of it: that would keep a place to go back to for every four characters. */
function isBase64(text: string): boolean {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return text.length % 4 === 0 && !/[^A-Za-z0-9+/]/.test(text.slice(0, text.length - padding))
}

function producerField(value: unknown): Producer {
  if (typeof value !== 'object' || value === null) throw invalid('"producer" is an object.')
  const { id, epoch, seq } = value as Readonly<Record<string, unknown>>
  return checkProducer(id, epoch, seq)
}

/** A number that comes back as it was sent, or a text that is not too long. */
function isId(value: unknown): value is number | string {
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER
  return typeof value === 'string' && value.length <= maxIdLength
}

function stringField(values: FieldValues, name: keyof FieldValues): string {
  const value = values[name]
  if (typeof value !== 'string')
    throw invalid(`"${name}" is a string, and shorter than ${maxFieldBytes} bytes.`)
  return value
}

function numberField(fields: FieldValues, name: keyof FieldValues): number {
  const value = fields[name]
  if (typeof value !== 'number') throw invalid(`"${name}" is a number.`)
  return value
}

function booleanField(values: FieldValues, name: keyof FieldValues): boolean {
  const value = values[name]
  if (typeof value !== 'boolean') throw invalid(`"${name}" is true or false.`)
  return value
}

function invalid(detail: string): Problem {
  return new Problem('envelope-invalid', detail)
}
