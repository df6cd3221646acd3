import {
  channelKind,
  checkProducer,
  defaultContentType,
  header,
  isContentType,
  mediaType,
  Problem,
  type Producer,
  parseTime,
} from '@tidings/protocol'
import {
  type Append,
  type Channel,
  type ChannelSpec,
  type ForkRequest,
  type Log,
  messagesOf,
} from '../log/index.js'
import { type HttpRequest, headerText } from './http-request.js'
import { keepingOf } from './keeping-headers.js'
import { parseTarget, routeUnknown } from './target.js'

interface Limits {
  readonly maxMessageBytes: number
}

/**
 * A coded body would be kept as it is and given to readers who were not told.
 *
 * @throws Problem `content-encoding-unknown`
 * @see RFC 9110 §8.4, §15.5.16
 */
export function refuseCodings(request: HttpRequest): void {
  const coding = headerText(request, 'content-encoding')
  if (coding === undefined || /^(?:identity)?$/i.test(coding)) return
  throw new Problem('content-encoding-unknown', 'Send the body as it is, without Content-Encoding.')
}

/** @see Durable Streams §4.1: any other value is as good as none */
export function wantsClosed(request: HttpRequest): boolean {
  return headerText(request, header.closed)?.toLowerCase() === 'true'
}

/**
 * What a PUT makes.
 *
 * @throws Problem `content-type-invalid`, `lifetime-invalid`, `durability-invalid`, `retention-invalid`, `message-*`, `fork-invalid`, `fork-source-deleted`
 * @see Durable Streams §5.1
 */
export function channelSpecOf(
  request: HttpRequest,
  body: Buffer,
  at: {
    readonly log: Log
    readonly name: string
    readonly limits: Limits & { readonly maxNameBytes: number }
  },
): ChannelSpec {
  const fork = forkRequestOf(request, at.limits.maxNameBytes)
  const contentType =
    headerText(request, 'content-type') ??
    (fork ? at.log.forkContentType(at.name, fork.source) : defaultContentType)
  if (!isContentType(contentType)) throw contentTypeInvalid()
  const messages =
    body.byteLength === 0 ? [] : messagesOf(channelKind(contentType), body, { ...at.limits, flatten: true })
  return {
    contentType,
    ...lifetimeOf(request),
    ...keepingOf(request),
    closed: wantsClosed(request),
    messages,
    ...(fork && { fork }),
  }
}

/** @see Durable Streams §4.2, "Fork creation headers" */
function forkRequestOf(request: HttpRequest, maxNameBytes: number): ForkRequest | undefined {
  const source = headerText(request, header.forkedFrom)
  const offset = headerText(request, header.forkOffset)
  const subOffset = headerText(request, header.forkSubOffset)
  if (source === undefined) {
    if (offset === undefined && subOffset === undefined) return undefined
    throw new Problem(
      'fork-invalid',
      'A fork needs Stream-Forked-From: the path of its source, as in /v1/stream/cake.',
    )
  }
  const target = parseTarget(source, maxNameBytes)
  if (target.kind === 'other') throw routeUnknown()
  if (target.kind !== 'channel')
    throw new Problem('fork-invalid', 'Stream-Forked-From is the path of a channel.')
  if (subOffset !== undefined && !/^(?:0|[1-9]\d{0,14})$/.test(subOffset)) {
    throw new Problem(
      'fork-invalid',
      'Stream-Fork-Sub-Offset is a whole number, without sign or leading zeros.',
    )
  }
  return { source: target.name, ...(offset !== undefined && { offset }), subOffset: Number(subOffset ?? 0) }
}

/**
 * What a POST appends to this channel. That a channel is closed goes before what is wrong with a body or its type.
 *
 * @throws Problem `message-*`, `content-type-missing`, `producer-invalid`
 * @see Durable Streams §5.2, "Error Precedence"
 */
export function appendOf(request: HttpRequest, body: Buffer, channel: Channel, limits: Limits): Append {
  const producer = producerOf(request)
  const sequence = headerText(request, header.sequence)
  const close = wantsClosed(request)
  const parts = { ...(producer && { producer }), ...(sequence !== undefined && { sequence }), close }
  if (body.byteLength === 0) {
    if (!close)
      throw new Problem('message-empty', 'A POST has a body, unless Stream-Closed: true closes the channel.')
    return { ...parts, messages: [] }
  }
  const contentType = headerText(request, 'content-type')
  if (contentType === undefined || contentType === '') {
    throw new Problem(
      'content-type-missing',
      `Say what the body is: Content-Type: ${channel.record.contentType}`,
    )
  }
  // Nothing is kept of it: whether it is a retry or refused is the log's to say, whatever it holds.
  if (channel.record.closed) return { ...parts, messages: [body] }
  // Not to be read as what it is not: the log refuses it by its type, in its turn.
  const expected = channel.record.contentType
  if (contentType !== expected && mediaType(contentType) !== mediaType(expected))
    return { ...parts, contentType, messages: [] }
  const messages = messagesOf(channel.kind, body, { ...limits, flatten: true })
  if (messages.length === 0) throw new Problem('message-empty', 'An empty array has no messages to append.')
  return { ...parts, messages }
}

/**
 * What the channel will hold that a first POST makes, for good; undefined when the POST brings no message.
 *
 * @throws Problem `content-type-missing`, `content-type-invalid`, when asked
 */
export function firstContentTypeOf(request: HttpRequest, body: Buffer): (() => string) | undefined {
  if (body.byteLength === 0) return undefined
  return () => {
    const contentType = headerText(request, 'content-type')
    if (!contentType) {
      throw new Problem('content-type-missing', 'Say what the body is: Content-Type: application/json.')
    }
    if (mediaType(contentType) === 'application/x-www-form-urlencoded') {
      throw new Problem(
        'content-type-missing',
        'The body is said to be a form, which is what curl sends when it is not told. The channel would hold that for ' +
          "good: say what it is to hold (-H 'content-type: application/json'), or make it with PUT.",
      )
    }
    if (!isContentType(contentType)) throw contentTypeInvalid()
    return contentType
  }
}

function contentTypeInvalid(): Problem {
  return new Problem('content-type-invalid', 'A content type is type/subtype.')
}

/** @see Durable Streams §5.2.1: all three headers or none */
function producerOf(request: HttpRequest): Producer | undefined {
  const id = headerText(request, header.producerId)
  const epoch = headerText(request, header.producerEpoch)
  const seq = headerText(request, header.producerSequence)
  if (id === undefined && epoch === undefined && seq === undefined) return undefined
  if (id === undefined || epoch === undefined || seq === undefined) {
    throw new Problem(
      'producer-invalid',
      'Producer-Id, Producer-Epoch and Producer-Seq come together or not at all.',
    )
  }
  return checkProducer(id, wholeNumber(epoch), wholeNumber(seq))
}

function wholeNumber(text: string): number {
  return /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
}

function lifetimeOf(request: HttpRequest): { ttlSeconds?: number; expiresAt?: string } {
  const ttl = headerText(request, header.ttl)
  const expiresAt = headerText(request, header.expiresAt)
  if (ttl !== undefined && expiresAt !== undefined) {
    throw new Problem('lifetime-invalid', 'Send Stream-TTL or Stream-Expires-At, not both.')
  }
  if (ttl !== undefined) {
    if (!/^(?:0|[1-9]\d{0,11})$/.test(ttl)) {
      throw new Problem(
        'lifetime-invalid',
        'Stream-TTL is a whole number of seconds, without sign or leading zeros.',
      )
    }
    return { ttlSeconds: Number(ttl) }
  }
  if (expiresAt === undefined) return {}
  if (parseTime(expiresAt) === undefined) {
    throw new Problem(
      'lifetime-invalid',
      'Stream-Expires-At is a time of RFC 3339, as in 2030-01-31T12:00:00Z.',
    )
  }
  return { expiresAt }
}
