import {
  type ChannelKind,
  type ClientEnvelope,
  checkChannelName,
  checkProducer,
  Problem,
  type Producer,
  type PublishEnvelope,
} from '@tidings/protocol'
import { checkSize, isJsonArray, jsonArrayMessages, jsonMembers, messagesOf } from '../log/index.js'

/** What a client may write in an envelope. */
const fieldNames: ReadonlySet<string> = new Set([
  'type',
  'id',
  'channel',
  'offset',
  'last',
  'since',
  'offsets',
  'messages',
  'encoding',
  'producer',
  'close',
])

/** Longest field that is not `messages`, bytes: a channel's name with each character escaped is shorter. */
const maxFieldBytes = 8 * 1024
/** Longest text that may name a request, in UTF-16 units. */
const maxIdLength = 256

/** An envelope's fields. The messages stay text: they may be megabytes, and a JSON channel keeps them as sent. */
export interface EnvelopeFields {
  readonly values: Readonly<Record<string, unknown>>
  readonly messages: Uint8Array | undefined
}

/** A `publish` whose messages are still the text of a JSON array. */
export type PublishRequest = Omit<PublishEnvelope, 'messages'> & { readonly messages: Uint8Array | undefined }

export type ClientRequest = Exclude<ClientEnvelope, PublishEnvelope> | PublishRequest

/**
 * @param text one text frame; `ws` has checked that it is UTF-8
 * @throws Problem `envelope-invalid`
 */
export function envelopeFields(text: Uint8Array): EnvelopeFields {
  const members = jsonMembers(text, fieldNames)
  if (!members) throw invalid('An envelope is a JSON object.')
  const values: Record<string, unknown> = {}
  for (const [name, value] of members) {
    if (name === 'messages') continue
    // What is too long is as good as what is of no known type.
    values[name] = value.byteLength > maxFieldBytes ? null : JSON.parse(Buffer.from(value).toString('utf8'))
  }
  return { values, messages: members.get('messages') }
}

/** What an answer to these fields is about, as far as that can be told: also of an envelope that is refused. */
export function subjectOf({ values }: EnvelopeFields): { id?: number | string; channel?: string } {
  const { id, channel } = values
  return { ...(isId(id) && { id }), ...(typeof channel === 'string' && { channel }) }
}

/** @throws Problem `envelope-invalid`, `channel-name-invalid`, `producer-invalid`, `not-implemented` */
export function decodeEnvelope(
  { values, messages }: EnvelopeFields,
  limits: { readonly maxNameBytes: number },
): ClientRequest {
  const channel = () => {
    const name = stringField(values, 'channel')
    checkChannelName(name, limits.maxNameBytes)
    return name
  }
  switch (values.type) {
    case 'ping':
      return { type: 'ping' }
    case 'subscribe':
      return {
        type: 'subscribe',
        channel: channel(),
        ...(values.offset !== undefined && { offset: stringField(values, 'offset') }),
        ...(values.last !== undefined && { last: numberField(values, 'last') }),
        ...(values.since !== undefined && { since: stringField(values, 'since') }),
        ...(values.offsets !== undefined && { offsets: booleanField(values, 'offsets') }),
      }
    case 'unsubscribe':
      return { type: 'unsubscribe', channel: channel() }
    case 'publish':
      return decodePublish(values, messages, channel())
    case 'auth':
      throw new Problem('not-implemented', 'This server has no access control: no token is needed.')
    default:
      throw invalid('"type" is one of subscribe, unsubscribe, publish and ping.')
  }
}

function decodePublish(
  values: EnvelopeFields['values'],
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
    ...(id !== undefined && { id }),
    ...(encoding !== undefined && { encoding }),
    ...(values.producer !== undefined && { producer: producerField(values.producer) }),
    ...(values.close !== undefined && { close: booleanField(values, 'close') }),
  }
}

/**
 * The messages of a `publish` as the channel keeps them: JSON values as they stand in the envelope's text,
 * strings as UTF-8, base64 as bytes.
 *
 * @throws Problem `message-empty`, `message-invalid`, `message-too-large`, `messages-too-many`
 */
export function publishedMessages(
  { messages: array, encoding, close = false }: PublishRequest,
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

function stringField(values: EnvelopeFields['values'], name: string): string {
  const value = values[name]
  if (typeof value !== 'string')
    throw invalid(`"${name}" is a string, and shorter than ${maxFieldBytes} bytes.`)
  return value
}

function numberField(fields: EnvelopeFields['values'], name: string): number {
  const value = fields[name]
  if (typeof value !== 'number') throw invalid(`"${name}" is a number.`)
  return value
}

function booleanField(values: EnvelopeFields['values'], name: string): boolean {
  const value = values[name]
  if (typeof value !== 'boolean') throw invalid(`"${name}" is true or false.`)
  return value
}

function invalid(detail: string): Problem {
  return new Problem('envelope-invalid', detail)
}
