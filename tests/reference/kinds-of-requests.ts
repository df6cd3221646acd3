import { codeOf, headerOf, isForeign, type Kind, queryOf, statuses, wasRefused } from './kind.js'
import { pathOf } from './operation.js'
import type { Exchange } from './pair.js'

const sourceOf = (exchange: Exchange) => {
  const from = headerOf(exchange, 'stream-forked-from')
  return from === undefined ? undefined : exchange.world.channels.get(from.slice(pathOf('').length))
}
const forkOffsetOf = ({ operation }: Exchange) => operation.headers?.['stream-fork-offset']
const isFork = (exchange: Exchange) => headerOf(exchange, 'stream-forked-from') !== undefined

/** Which of several faults of one request is told: what we tell, and what the reference server does. */
const orders: readonly {
  method: string
  here: number
  codes: readonly string[]
  reference: readonly number[]
}[] = [
  { method: 'POST', here: 404, codes: ['channel-unknown'], reference: [400] },
  { method: 'POST', here: 410, codes: ['channel-deleted'], reference: [400] },
  { method: 'POST', here: 400, codes: ['message-invalid', 'message-empty'], reference: [403, 409] },
  {
    method: 'GET',
    here: 400,
    codes: ['live-unknown', 'offset-missing', 'offset-malformed', 'start-ambiguous'],
    reference: [404, 410],
  },
  { method: 'PUT', here: 404, codes: ['channel-unknown'], reference: [400] },
  {
    method: 'PUT',
    here: 400,
    codes: ['lifetime-invalid', 'content-type-invalid', 'message-invalid'],
    reference: [404, 409],
  },
  {
    method: 'PUT',
    here: 409,
    codes: ['content-type-mismatch', 'channel-exists', 'fork-source-deleted'],
    reference: [400],
  },
]

/** What is asked, and whether that is allowed. */
export const kindsOfRequests: readonly Kind[] = [
  {
    id: 'order-of-refusals',
    case: 'a request with more than one fault',
    reference: 'tells one of them',
    here: 'tells another',
    verdict: 'open',
    text: { section: '5.2', quote: 'When an append request would trigger multiple conflict conditions' },
    explains: ({ aspect, reference }, exchange) =>
      aspect === 'status' &&
      reference !== String(exchange.here.status) &&
      orders.some(
        (order) =>
          order.method === exchange.operation.method &&
          order.here === exchange.here.status &&
          order.codes.includes(codeOf(exchange) ?? '') &&
          order.reference.map(String).includes(reference) &&
          exchange.reference.headers['stream-closed'] === undefined,
      ),
  },
  {
    id: 'unknown-way',
    case: '`live=` with a word that is no way',
    reference: 'reads as if it were not there',
    here: '`400`',
    verdict: 'asks',
    text: { section: '5.6', quote: '`400 Bad Request`: Malformed offset or invalid parameters' },
    explains: (difference, exchange) => statuses(400, 200)(difference) && codeOf(exchange) === 'live-unknown',
  },
  {
    id: 'offset-of-another-history',
    case: 'a read from an offset that this channel never told',
    reference: 'answers with what sorts after it',
    here: '`410`, with the earliest and the latest good offset',
    verdict: 'open',
    text: {
      section: '8',
      quote:
        'Clients **MUST** use the `Stream-Next-Offset` value returned in responses for subsequent read requests.',
    },
    explains: (difference, exchange) =>
      codeOf(exchange) === 'history-changed' &&
      (statuses(410, 200)(difference) || statuses(410, 204)(difference) || statuses(410, 304)(difference)) &&
      isForeign(exchange, queryOf(exchange, 'offset')),
  },
  {
    id: 'offset-that-is-none',
    case: 'a read from `1_2` or `9999999999999999_9999999999999999`, which no server of ours tells',
    reference: 'takes any two numbers',
    here: '`400`',
    verdict: 'asks',
    text: { section: '5.6', quote: '`400 Bad Request`: Malformed offset or invalid parameters' },
    explains: (difference, exchange) =>
      statuses(400, 200)(difference) &&
      codeOf(exchange) === 'offset-malformed' &&
      typeof queryOf(exchange, 'offset') === 'string',
  },
  {
    id: 'lifetime-that-is-none',
    case: '`Stream-Expires-At` that is not of RFC 3339, a lifetime that is empty or too long to count',
    reference: 'takes what JavaScript can read as a date, and passes over an empty one',
    here: '`400`',
    verdict: 'asks',
    text: { section: '5.1', quote: 'Sets an absolute expiry time as an RFC 3339 timestamp.' },
    parts: true,
    explains: (difference, exchange) =>
      difference.aspect === 'status' &&
      codeOf(exchange) === 'lifetime-invalid' &&
      !wasRefused(exchange.reference.status),
  },
  {
    id: 'over-before-it-is-there',
    case: '`Stream-TTL: 0`, or `Stream-Expires-At` in the past',
    reference: '`500`',
    here: '`201` for a time to live, which is allowed to be 0; `400 lifetime-invalid` for a time that is over',
    verdict: 'asks',
    text: { section: '5.1', quote: 'The value **MUST** be a non-negative integer in decimal notation' },
    parts: true,
    explains: (difference, { operation }) =>
      operation.method === 'PUT' && difference.aspect === 'status' && difference.reference === '500',
  },
  {
    id: 'retry-after-the-end',
    case: 'a retry of an append that was kept, after the channel was closed by another request',
    reference: '`409`',
    here: '`204`',
    verdict: 'otherwise',
    text: {
      section: '5.2.1',
      quote:
        'Otherwise, return `409 Conflict` with `Stream-Closed: true` (stream is closed, no further appends allowed)',
    },
    why: 'its validation logic says `if seq <= state.lastSeq: → 204 No Content`, and a lost answer must not look like a lost message',
    explains: (difference, exchange) =>
      statuses(204, 409)(difference) && headerOf(exchange, 'producer-id') !== undefined,
  },
  {
    id: 'old-producer-after-the-end',
    case: 'a stale epoch on a closed channel',
    reference: '`409`',
    here: '`403`',
    verdict: 'otherwise',
    text: {
      section: '5.2.1',
      quote:
        'Otherwise, return `409 Conflict` with `Stream-Closed: true` (stream is closed, no further appends allowed)',
    },
    why: 'its validation logic says `if epoch < state.epoch: → 403 Forbidden`, and the producer must learn that another has taken over',
    explains: (difference, exchange) =>
      statuses(403, 409)(difference) && codeOf(exchange) === 'producer-stale',
  },
  {
    id: 'sequence-of-a-close',
    case: 'a POST that closes without a body, with a `Stream-Seq` that does not grow',
    reference: 'closes',
    here: '`409`',
    verdict: 'asks',
    text: {
      section: '5.2',
      quote:
        'If provided and less than or equal to the last appended sequence (as determined by lexicographic comparison), the server **MUST** return `409 Conflict`.',
    },
    parts: true,
    explains: (difference, exchange) =>
      statuses(409, 204)(difference) && codeOf(exchange) === 'sequence-regression',
  },
  {
    id: 'close-that-was-an-append',
    case: 'a producer closes with the sequence of an append that was kept',
    reference: '`204` with `Stream-Closed: true`, and goes on taking appends',
    here: '`204` without it: a duplicate, and the channel is open',
    verdict: 'asks',
    text: {
      section: '5.2',
      quote:
        '`Stream-Closed: true`: Present when the stream is now closed (either by this request or previously)',
    },
    explains: ({ aspect, here, reference }, exchange) =>
      aspect === 'stream-closed' &&
      here === '(absent)' &&
      reference === 'true' &&
      exchange.here.status === 204 &&
      headerOf(exchange, 'producer-id') !== undefined &&
      exchange.channel?.isClosed === false,
  },
  {
    id: 'close-of-a-deleted',
    case: 'a producer closes a channel that is deleted, and kept for its forks',
    reference: 'answers as if it were there',
    here: '`410`',
    verdict: 'asks',
    text: { section: '5.4', quote: 'A soft-deleted stream returns `410 Gone` for direct operations' },
    parts: true,
    explains: (difference, exchange) =>
      difference.aspect === 'status' &&
      codeOf(exchange) === 'channel-deleted' &&
      headerOf(exchange, 'stream-closed') !== undefined,
  },
  {
    id: 'words-as-fork-offset',
    case: '`Stream-Fork-Offset: -1` or `now`',
    reference: '`400`',
    here: 'the beginning and the tail, as everywhere',
    verdict: 'open',
    text: { section: '8', quote: 'The protocol defines two special offset sentinel values' },
    parts: true,
    explains: (difference, exchange) =>
      (statuses(201, 400)(difference) || statuses(200, 400)(difference)) &&
      ['-1', 'now'].includes(String(forkOffsetOf(exchange))),
  },
  {
    id: 'fork-offset-never-told',
    case: 'a fork at an offset that the source never told',
    reference: 'forks at what sorts there',
    here: '`400`',
    verdict: 'open',
    text: {
      section: '8',
      quote: 'Servers **MAY** validate offset alignment and reject invalid offsets with `400 Bad Request`',
    },
    parts: true,
    explains: (difference, exchange) =>
      statuses(400, 201)(difference) &&
      ['fork-invalid', 'offset-malformed'].includes(codeOf(exchange) ?? '') &&
      (isForeign(exchange, forkOffsetOf(exchange), sourceOf(exchange)) ||
        typeof forkOffsetOf(exchange) === 'string'),
  },
  {
    id: 'sub-offset-across-appends',
    case: 'a sub-offset of a JSON channel that reaches past the append it lies in',
    reference: '`400`',
    here: 'counts messages up to the tail',
    verdict: 'otherwise',
    text: { section: '4.2', quote: 'names a position past the next data boundary' },
    why: 'it counts flattened messages as well, and a reader can not see where appends ended',
    parts: true,
    explains: (difference, exchange) =>
      statuses(201, 400)(difference) && headerOf(exchange, 'stream-fork-sub-offset') !== undefined,
  },
  {
    id: 'fork-found-again',
    case: 'the same PUT of a fork again, with what it has from its source left out',
    reference: '`409`',
    here: '`200`',
    verdict: 'asks',
    text: {
      section: '4.2',
      quote:
        'If a stream already exists at the target URL with matching configuration — including `Stream-Forked-From` and `Stream-Fork-Offset` — the server **MUST** return `200 OK`.',
    },
    explains: (difference, exchange) => statuses(200, 409)(difference) && isFork(exchange),
  },
  {
    id: 'fork-offset-left-out',
    case: 'the PUT of a fork again, once with `Stream-Fork-Offset` and once without',
    reference: '`200` when it is where the fork stands',
    here: '`409`: left out, it means the tail as it is',
    verdict: 'open',
    text: {
      section: '4.2',
      quote: 'If the configuration differs, the server **MUST** return `409 Conflict`.',
    },
    explains: (difference, exchange) =>
      statuses(409, 200)(difference) &&
      isFork(exchange) &&
      (forkOffsetOf(exchange) === undefined) !==
        (exchange.channel?.madeWith['stream-fork-offset'] === undefined),
  },
  {
    id: 'sub-offset-within-a-character',
    case: 'a sub-offset of a text channel that cuts a character in two',
    reference: 'forks there: the fork begins with half a character',
    here: '`400`',
    verdict: 'otherwise',
    text: { section: '4.2', quote: 'number of decoded entity body bytes to inherit past the anchor' },
    why: 'a text channel holds text, and its event streams carry it as UTF-8',
    parts: true,
    explains: (difference, exchange) =>
      statuses(400, 201)(difference) &&
      codeOf(exchange) === 'fork-invalid' &&
      sourceOf(exchange)?.kind === 'text' &&
      headerOf(exchange, 'stream-fork-sub-offset') !== undefined,
  },
  {
    id: 'poll-of-what-is-empty',
    case: 'a long poll from `-1` of a channel that is closed and empty',
    reference: '`200` without messages',
    here: '`204`',
    verdict: 'asks',
    text: {
      section: '5.7',
      quote: 'Servers **MUST** immediately return `204 No Content` with `Stream-Closed: true`',
    },
    explains: (difference, exchange) =>
      statuses(204, 200)(difference) &&
      queryOf(exchange, 'live') === 'long-poll' &&
      ['-1', '0000000000000000_0000000000000000'].includes(String(queryOf(exchange, 'offset'))) &&
      exchange.here.headers['stream-closed'] === 'true',
  },
]
