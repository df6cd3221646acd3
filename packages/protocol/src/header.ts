// Each by its own name too, for who wants a few of them in a small bundle.
export const nextOffsetHeader = 'stream-next-offset'
export const closedHeader = 'stream-closed'
export const producerIdHeader = 'producer-id'
export const producerEpochHeader = 'producer-epoch'
export const producerSequenceHeader = 'producer-seq'
export const producerExpectedSequenceHeader = 'producer-expected-seq'
export const producerReceivedSequenceHeader = 'producer-received-seq'

/** Header names of the Durable Streams protocol, lower case as Node and `fetch` give them. */
export const header = {
  nextOffset: nextOffsetHeader,
  upToDate: 'stream-up-to-date',
  closed: closedHeader,
  cursor: 'stream-cursor',
  sequence: 'stream-seq',
  ttl: 'stream-ttl',
  expiresAt: 'stream-expires-at',
  forkedFrom: 'stream-forked-from',
  forkOffset: 'stream-fork-offset',
  forkSubOffset: 'stream-fork-sub-offset',
  sseDataEncoding: 'stream-sse-data-encoding',
  producerId: producerIdHeader,
  producerEpoch: producerEpochHeader,
  producerSequence: producerSequenceHeader,
  producerExpectedSequence: producerExpectedSequenceHeader,
  producerReceivedSequence: producerReceivedSequenceHeader,
} as const

/** Tidings' own: where the earliest message that is left starts, on a 410. */
export const earliestOffsetHeader = 'stream-earliest-offset'

/** Tidings' own: when the last batch of an answer was kept, milliseconds since 1970; absent when there is none. */
export const committedAtHeader = 'stream-committed-at'

/** Tidings' own: where the messages of a page start; the next page backwards ends there. */
export const startOffsetHeader = 'stream-start-offset'

/** Tidings' own: when an append counts as kept, per channel. */
export const durabilityHeader = 'stream-durability'

/** Tidings' own: which of a channel's messages stay. */
export const retentionHeader = {
  ageSeconds: 'stream-retention-age',
  count: 'stream-retention-count',
  bytes: 'stream-retention-bytes',
} as const

/** Headers that a page of another origin may send. @see Fetch standard, CORS-safelisted request-header */
// Marked as pure, as the next one is: a bundle that does not use it drops it.
export const allowedRequestHeaders = /* @__PURE__ */ (() =>
  [
    'content-type',
    'authorization',
    'if-none-match',
    'last-event-id',
    header.sequence,
    header.closed,
    header.ttl,
    header.expiresAt,
    header.forkedFrom,
    header.forkOffset,
    header.forkSubOffset,
    header.producerId,
    header.producerEpoch,
    header.producerSequence,
    durabilityHeader,
    retentionHeader.ageSeconds,
    retentionHeader.count,
    retentionHeader.bytes,
  ].join(', '))()

/** Headers that a page of another origin may read. */
export const exposedResponseHeaders = /* @__PURE__ */ (() =>
  [
    header.nextOffset,
    header.upToDate,
    header.closed,
    header.cursor,
    header.ttl,
    header.expiresAt,
    header.sseDataEncoding,
    header.producerEpoch,
    header.producerSequence,
    header.producerExpectedSequence,
    header.producerReceivedSequence,
    earliestOffsetHeader,
    startOffsetHeader,
    committedAtHeader,
    'etag',
    'location',
    durabilityHeader,
    retentionHeader.ageSeconds,
    retentionHeader.count,
    retentionHeader.bytes,
  ].join(', '))()

/** Path prefixes of the HTTP face. */
export const path = {
  stream: '/v1/stream/',
  socket: '/v1/socket',
  stats: '/v1/stats',
  channels: '/v1/channels',
  streams: '/v1/streams',
  backup: '/v1/backup',
} as const

/** The first segment that the Durable Streams protocol keeps for its own control APIs. @see §6 */
export const reservedSegment = '__ds'

export const subprotocol = 'tidings.v1'
