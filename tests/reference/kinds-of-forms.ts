import { type Kind, wasRefused } from './kind.js'

/** In what form the same thing is said. */
export const kindsOfForms: readonly Kind[] = [
  {
    id: 'problem-details',
    case: 'a refusal',
    reference: 'a sentence as `text/plain`',
    here: 'problem details (RFC 9457) with a stable code',
    verdict: 'asks',
    text: {
      section: '5.2',
      quote: 'Servers **SHOULD** keep the response body empty or use a standardized error format',
    },
    explains: ({ aspect }, { here }) =>
      wasRefused(here.status) && (aspect === 'body' || aspect === 'content-type'),
  },
  {
    id: 'cache-control',
    case: '`Cache-Control` of reads',
    reference: 'none; `no-cache` on event streams',
    here: '`public, max-age=60` for history, `no-cache` at the tail, `no-cache, no-transform` on event streams',
    verdict: 'otherwise',
    text: {
      section: '10.1',
      quote: 'Catch-up chunks remain fully cacheable, including chunks at the tail of the stream.',
    },
    why: 'a client that polls from behind a cache would hear nothing new for a minute: at the tail the cache asks again, with the ETag',
    explains: ({ aspect }, { operation }) => aspect === 'cache-control' && operation.method === 'GET',
  },
  {
    id: 'no-store-on-writes',
    case: '`Cache-Control` of writes and refusals',
    reference: 'none',
    here: '`no-store`',
    verdict: 'open',
    text: {
      section: '12.7',
      quote:
        'Servers **SHOULD** include this header on HEAD responses and on responses containing sensitive or user-specific stream data.',
    },
    explains: ({ aspect, here, reference }, { operation }) =>
      aspect === 'cache-control' &&
      operation.method !== 'GET' &&
      here === 'no-store' &&
      reference === '(absent)',
  },
  {
    id: 'embedding',
    case: '`Cross-Origin-Resource-Policy`',
    reference: '`cross-origin`',
    here: '`same-origin`: pages of others read through CORS, when they are allowed to',
    verdict: 'open',
    text: {
      section: '12.7',
      quote: '`Cross-Origin-Resource-Policy: cross-origin` (or `same-origin`/`same-site`)',
    },
    explains: ({ aspect }) => aspect === 'cross-origin-resource-policy',
  },
  {
    id: 'bare-304',
    case: '`X-Content-Type-Options` of a `304`',
    reference: 'there',
    here: 'absent: a `304` has what a cache must hear, and no more',
    verdict: 'otherwise',
    text: { section: '12.7', quote: 'Servers **SHOULD** include this header on all responses.' },
    why: 'the answer that the 304 stands for had it (RFC 9110 §15.4.5), and the empty answer of a poll is to be small',
    explains: ({ aspect }, { here }) => here.status === 304 && aspect === 'x-content-type-options',
  },
  {
    id: 'headers-of-304',
    case: '`Stream-Cursor` and the end of the answer on a `304`',
    reference: 'absent, `ETag` alone',
    here: 'a `304` to a long poll repeats them',
    verdict: 'open',
    text: { section: '10.1', quote: 'servers **MUST** generate cursors on all live mode responses' },
    explains: ({ aspect }, { here }) =>
      here.status === 304 &&
      ['stream-cursor', 'stream-next-offset', 'stream-up-to-date', 'stream-closed'].includes(aspect),
  },
  {
    id: 'tag-of-head',
    case: '`ETag` of HEAD',
    reference: 'there',
    here: 'absent: the answer is `no-store`',
    verdict: 'open',
    text: {
      section: '10.1',
      quote: 'Servers **MUST** generate `ETag` headers for GET responses, except for `offset=now` responses.',
    },
    explains: ({ aspect }, { operation }) => operation.method === 'HEAD' && aspect === 'etag',
  },
  {
    id: 'cursor-at-the-end',
    case: 'a long poll that hears the end',
    reference: '`Stream-Cursor` is there, mostly',
    here: 'absent: nobody asks again',
    verdict: 'open',
    text: { section: '5.7', quote: 'Servers **MAY** omit this header when `Stream-Closed` is true' },
    explains: ({ aspect }, { here }) =>
      aspect === 'stream-cursor' && here.headers['stream-closed'] === 'true',
  },
  {
    id: 'up-to-date-at-the-end',
    case: 'an event stream that hears the end',
    reference: '`streamClosed` alone',
    here: '`upToDate` beside it',
    verdict: 'asks',
    text: {
      section: '5.8',
      quote:
        'Servers **MUST** immediately emit a `control` event with `streamClosed: true` and `upToDate: true`',
    },
    explains: ({ aspect }, { here }) =>
      aspect === 'control.upToDate' && here.events?.control?.streamClosed === true,
  },
  {
    id: 'offset-of-a-duplicate',
    case: 'a retry of an append that was kept',
    reference: 'no `Stream-Next-Offset`',
    here: 'the tail: who retries may read on from there',
    verdict: 'asks',
    text: { section: '5.2', quote: '`Stream-Next-Offset: <offset>`: The new tail offset after the append' },
    explains: ({ aspect, reference }, { operation, here }) =>
      operation.method === 'POST' &&
      here.status === 204 &&
      aspect === 'stream-next-offset' &&
      reference === '(absent)',
  },
  {
    id: 'large-answers',
    case: 'a read of more than 1 MiB',
    reference: 'one answer',
    here: 'several, each with where to go on',
    verdict: 'open',
    text: {
      section: '5.6',
      quote:
        'Bytes from the stream starting at the specified offset, up to a server-defined maximum chunk size.',
    },
    explains: ({ aspect }, { here }) => aspect === 'parts' && here.body.byteLength > 1024 * 1024,
  },
]
