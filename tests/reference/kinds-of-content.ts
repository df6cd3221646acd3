import type { Difference } from './answer.js'
import { codeOf, headerOf, type Kind, statuses, wasRefused } from './kind.js'
import type { Exchange } from './pair.js'

/** Without the `offset` that the reference server writes into what looks like a change of state. */
function withoutWritten(value: unknown): unknown {
  const { headers } = (value ?? {}) as { headers?: { offset?: unknown } }
  if (headers === undefined) return value
  const { offset: _, ...others } = headers
  return { ...(value as object), headers: others }
}

function parsed(text: string): unknown[] | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isContent = ({ aspect }: Difference) => aspect === 'body' || aspect === 'events'

/** Compared as values, not as they are written. @see `withoutWritten` */
function isSameJson({ here, reference }: Difference): boolean {
  const [ours, theirs] = [parsed(here), parsed(reference)]
  if (!ours || !theirs) return false
  return JSON.stringify(ours) === JSON.stringify(theirs.map(withoutWritten))
}

const hasWritten = ({ reference }: Difference) => /"headers":\{"operation":"insert","offset":/.test(reference)

const isOddlyWritten = ({ channel }: Exchange) =>
  channel?.kind === 'json' && !channel.contentType.includes('application/json')

/** Closed by a word that the reference server does not take: from there on it is open there. */
const closesInCapitals = (exchange: Exchange) => {
  const value = headerOf(exchange, 'stream-closed')
  return value !== undefined && value !== 'true' && value.toLowerCase() === 'true'
}

const plain = (text: string) => text.replaceAll(/[ \ufeff]/g, '')

/** What is kept and how it is given back. */
export const kindsOfContent: readonly Kind[] = [
  {
    id: 'json-as-written',
    case: 'a JSON value that can be written in several ways: spaces, `1.0`, a key twice, 9007199254740993',
    reference: 'parses it and writes it anew',
    here: 'gives back the bytes that came',
    verdict: 'asks',
    text: { section: '4', quote: 'Bytes at a given offset never change; new data is only appended' },
    explains: (difference, { channel }) =>
      channel?.kind === 'json' &&
      difference.aspect === 'body' &&
      !hasWritten(difference) &&
      isSameJson(difference),
  },
  {
    id: 'json-written-into',
    case: 'a JSON message that has `headers.operation`',
    reference: 'writes `headers.offset` into it',
    here: 'gives back what came',
    verdict: 'asks',
    text: {
      section: '9.1.5',
      quote: 'a body containing a JSON array of all messages in the requested range',
    },
    explains: (difference, { channel }) =>
      channel?.kind === 'json' && isContent(difference) && hasWritten(difference) && isSameJson(difference),
  },
  {
    id: 'json-type-in-any-case',
    case: 'a channel made as `Application/JSON`',
    reference:
      'takes its messages for JSON, but its event streams hold no arrays, and `offset=now` is not `[]`',
    here: 'is a JSON channel in all its answers',
    verdict: 'asks',
    text: {
      section: '8',
      quote: 'For `application/json` streams: the body **MUST** be `[]` (empty JSON array)',
    },
    explains: (difference, exchange) =>
      isOddlyWritten(exchange) &&
      ((difference.aspect === 'events' && difference.reference.includes('not JSON')) ||
        (difference.aspect === 'body' && difference.here === '[]' && difference.reference === '')),
  },
  {
    id: 'spaces-in-events',
    case: 'text that begins a line with a space, as an event',
    reference: 'writes `data:` and the line: the space is the separator, and is lost',
    here: 'writes a separator where the line begins with a space',
    verdict: 'asks',
    text: { section: '5.8', quote: 'data events carry UTF-8 text directly' },
    explains: (difference, { channel }) =>
      channel?.kind === 'text' &&
      difference.aspect === 'events' &&
      !difference.here.includes('\ufeff') &&
      difference.here.replaceAll(' ', '') === difference.reference.replaceAll(' ', ''),
  },
  {
    id: 'marks-in-events',
    case: 'text that begins with a byte order mark, as an event',
    reference: 'drops the mark',
    here: 'gives back what came',
    verdict: 'asks',
    text: { section: '5.8', quote: 'data events carry UTF-8 text directly' },
    explains: (difference, { channel }) =>
      channel?.kind === 'text' &&
      difference.aspect === 'events' &&
      difference.here.includes('\ufeff') &&
      plain(difference.here) === plain(difference.reference),
  },
  {
    id: 'broken-utf-8',
    case: 'text or JSON that is not UTF-8, or begins with a byte order mark',
    reference: 'takes it; in JSON what is broken becomes U+FFFD, and the mark is dropped',
    here: '`400`',
    verdict: 'open',
    text: { section: '9.1.4', quote: 'Servers **MUST** validate that appended data is valid JSON.' },
    parts: true,
    explains: (difference, exchange) =>
      codeOf(exchange) === 'message-invalid' &&
      (statuses(400, 204)(difference) || statuses(400, 200)(difference) || statuses(400, 201)(difference)) &&
      !isUtf8WithoutMark(exchange.operation.body ?? ''),
  },
  {
    id: 'broken-retry',
    case: 'a sequence that was kept before, now with a body that is no message',
    reference: '`204`, a duplicate',
    here: '`400`: a retry would have the same body',
    verdict: 'open',
    text: { section: '5.2.1', quote: '→ 204 No Content (duplicate, idempotent success)' },
    explains: (difference, exchange) =>
      statuses(400, 204)(difference) &&
      ['message-invalid', 'message-empty'].includes(codeOf(exchange) ?? '') &&
      headerOf(exchange, 'producer-id') !== undefined,
  },
  {
    id: 'broken-put-that-finds',
    case: 'a PUT of a channel that is there, with a body that is no message',
    reference: '`200`, and passes over the body',
    here: '`400`',
    verdict: 'open',
    text: {
      section: '5.1',
      quote:
        'This provides idempotent "create or ensure exists" semantics aligned with HTTP PUT expectations.',
    },
    explains: (difference, exchange) =>
      statuses(400, 200)(difference) &&
      exchange.operation.method === 'PUT' &&
      codeOf(exchange) === 'message-invalid',
  },
  {
    id: 'closed-in-any-case',
    case: '`Stream-Closed: TRUE`',
    reference: 'takes `true` in lower case alone',
    here: 'closes',
    verdict: 'asks',
    text: {
      section: '4.1',
      quote:
        'Servers **MUST** treat the header as present only when its value is exactly `true` (case-insensitive comparison).',
    },
    parts: true,
    explains: ({ aspect }, exchange) =>
      closesInCapitals(exchange) && (aspect === 'status' || aspect === 'stream-closed'),
  },
  {
    id: 'content-type-that-is-none',
    case: 'a PUT with a `Content-Type` that is none, as in `nonsense`',
    reference: 'takes `application/octet-stream` instead',
    here: '`400`',
    verdict: 'asks',
    text: {
      section: '5.1',
      quote: '`400 Bad Request`: Invalid headers or parameters (including conflicting TTL/expiry)',
    },
    parts: true,
    explains: (difference, exchange) =>
      difference.aspect === 'status' &&
      codeOf(exchange) === 'content-type-invalid' &&
      !wasRefused(exchange.reference.status),
  },
]

function isUtf8WithoutMark(latin1: string): boolean {
  const bytes = Buffer.from(latin1, 'latin1')
  return !latin1.startsWith('\xef\xbb\xbf') && Buffer.from(bytes.toString()).equals(bytes)
}
