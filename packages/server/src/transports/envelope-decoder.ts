import {
  type ChannelKind,
  type ClientEnvelope,
  checkProducer,
  Problem,
  type Producer,
  type PublishEnvelope,
} from '@tidings/protocol'
import { checkSize, memberText, messagesOf, splitJsonArray } from '../log/index.js'

type Fields = Readonly<Record<string, unknown>>

/**
 * @param text one text frame; `ws` has checked that it is UTF-8
 * @throws Problem `envelope-invalid`, `producer-invalid`, `not-implemented`
 */
export function decodeEnvelope(text: Buffer): ClientEnvelope {
  const fields = parseObject(text)
  switch (fields.type) {
    case 'ping':
      return { type: 'ping' }
    case 'subscribe':
      return {
        type: 'subscribe',
        channel: stringField(fields, 'channel'),
        ...(fields.offset !== undefined && { offset: stringField(fields, 'offset') }),
        ...(fields.offsets !== undefined && { offsets: booleanField(fields, 'offsets') }),
      }
    case 'unsubscribe':
      return { type: 'unsubscribe', channel: stringField(fields, 'channel') }
    case 'publish':
      return decodePublish(fields)
    case 'auth':
      throw new Problem('not-implemented', 'This server has no access control: no token is needed.')
    default:
      throw invalid('"type" is one of subscribe, unsubscribe, publish and ping.')
  }
}

function decodePublish(fields: Fields): PublishEnvelope {
  const { id, messages, encoding } = fields
  if (id !== undefined && typeof id !== 'string' && typeof id !== 'number')
    throw invalid('"id" is a number or a string.')
  if (messages !== undefined && !Array.isArray(messages)) throw invalid('"messages" is an array.')
  if (encoding !== undefined && encoding !== 'base64') throw invalid('"encoding" is "base64" or absent.')
  return {
    type: 'publish',
    channel: stringField(fields, 'channel'),
    ...(id !== undefined && { id }),
    ...(messages !== undefined && { messages }),
    ...(encoding !== undefined && { encoding }),
    ...(fields.producer !== undefined && { producer: producerField(fields.producer) }),
    ...(fields.close !== undefined && { close: booleanField(fields, 'close') }),
  }
}

/**
 * The messages of a `publish` as the channel keeps them: JSON values as they stand in the envelope's text,
 * strings as UTF-8, base64 as bytes.
 *
 * @throws Problem `message-empty`, `message-invalid`, `message-too-large`
 */
export function publishedMessages(
  envelope: PublishEnvelope,
  text: Buffer,
  kind: ChannelKind,
  limits: { readonly maxMessageBytes: number },
): Uint8Array[] {
  const { messages: values = [], close = false } = envelope
  if (values.length === 0 && !close) {
    throw new Problem('message-empty', 'Send at least one message, or "close":true.')
  }
  if (kind === 'json') {
    const array = memberText(text, 'messages')
    const messages = array ? splitJsonArray(array) : []
    for (const message of messages) checkSize(message, limits.maxMessageBytes)
    // Copies, so that the envelope's buffer is not kept alive by its messages.
    return messages.map((message) => Buffer.from(message))
  }
  if (kind === 'binary' && envelope.encoding !== 'base64') {
    throw new Problem('message-invalid', 'A binary channel takes base64 strings beside "encoding":"base64".')
  }
  return values.flatMap((value) => {
    const bytes = bytesOf(value, kind)
    if (bytes.byteLength === 0) throw new Problem('message-empty', 'A message has at least one byte.')
    return messagesOf(kind, bytes, { ...limits, flatten: false })
  })
}

function bytesOf(value: unknown, kind: 'text' | 'binary'): Buffer {
  if (typeof value !== 'string') throw new Problem('message-invalid', 'This channel takes strings.')
  if (kind === 'text') {
    if (!/^(?:[^\ud800-\udfff]|[\ud800-\udbff][\udc00-\udfff])*$/.test(value)) {
      throw new Problem('message-invalid', 'The text has half a surrogate pair, which UTF-8 can not carry.')
    }
    return Buffer.from(value)
  }
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value)) {
    throw new Problem('message-invalid', 'Not base64 of RFC 4648 §4.')
  }
  return Buffer.from(value, 'base64')
}

function parseObject(text: Buffer): Fields {
  let value: unknown
  try {
    value = JSON.parse(text.toString('utf8'))
  } catch (cause) {
    throw new Problem(
      'envelope-invalid',
      'An envelope is a JSON object; this frame is not JSON.',
      {},
      { cause },
    )
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid('An envelope is a JSON object.')
  return value as Fields
}

function producerField(value: unknown): Producer {
  if (typeof value !== 'object' || value === null) throw invalid('"producer" is an object.')
  const { id, epoch, seq } = value as Fields
  return checkProducer(id, epoch, seq)
}

function stringField(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value !== 'string') throw invalid(`"${name}" is a string.`)
  return value
}

function booleanField(fields: Fields, name: string): boolean {
  const value = fields[name]
  if (typeof value !== 'boolean') throw invalid(`"${name}" is true or false.`)
  return value
}

function invalid(detail: string): Problem {
  return new Problem('envelope-invalid', detail)
}
