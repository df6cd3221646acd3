/**
 * Everything that a server may refuse, in one table: the HTTP status, the WebSocket close code of a plain
 * socket, and the title of the problem details (RFC 9457). The code is what programs decide by; it never
 * changes. Details say what to do.
 *
 * @see RFC 9457; RFC 6455 §7.4 and the IANA close code registry
 */
export const problems = {
  'request-malformed': { status: 400, close: 1002, title: 'The request can not be understood' },
  'offset-malformed': { status: 400, close: 1008, title: 'Not an offset' },
  'offset-missing': { status: 400, close: 1008, title: 'An offset is needed' },
  'query-invalid': { status: 400, close: 1008, title: 'Not a query of this address' },
  'start-ambiguous': { status: 400, close: 1008, title: 'More than one place to start' },
  'streams-missing': { status: 400, close: 1008, title: 'No stream is named' },
  'streams-too-many': { status: 400, close: 1008, title: 'Too many streams on one response' },
  'streams-repeated': { status: 400, close: 1008, title: 'A stream is named twice' },
  'vector-malformed': { status: 400, close: 1008, title: 'Not a place of these streams' },
  'timeout-invalid': { status: 400, close: 1008, title: 'Not a time to hold a poll' },
  'events-unknown': { status: 400, close: 1008, title: 'Not a form of events' },
  'live-unknown': { status: 400, close: 1008, title: 'Not a way to hear a channel' },
  'channel-name-invalid': { status: 400, close: 1008, title: 'Not a channel name' },
  'content-type-missing': { status: 400, close: 1008, title: 'A content type is needed' },
  'content-type-invalid': { status: 400, close: 1008, title: 'Not a content type' },
  'lifetime-invalid': { status: 400, close: 1008, title: 'Not a lifetime' },
  'durability-invalid': { status: 400, close: 1008, title: 'Not a durability' },
  'durability-unavailable': { status: 409, close: 1008, title: 'Not a durability of this server' },
  'retention-invalid': { status: 400, close: 1008, title: 'Not a retention' },
  'fork-source-deleted': { status: 409, close: 1008, title: 'The source of the fork is deleted' },
  'channel-deleted': { status: 410, close: 1008, title: 'The channel is deleted' },
  'fork-invalid': { status: 400, close: 1008, title: 'Not a fork' },
  'proof-invalid': { status: 400, close: 1008, title: 'Not an id of a proof' },
  'message-empty': { status: 400, close: 1008, title: 'Nothing to append' },
  'message-invalid': { status: 400, close: 1007, title: 'Not a message of this channel' },
  'producer-invalid': { status: 400, close: 1008, title: 'Not a producer' },
  'envelope-invalid': { status: 400, close: 1002, title: 'Not an envelope of tidings.v1' },
  'origin-refused': { status: 403, close: 1008, title: 'Pages of this origin may not' },
  'admin-refused': { status: 403, close: 1008, title: 'Only for who runs the server' },
  'producer-stale': { status: 403, close: 1008, title: 'A newer producer has taken over' },
  'channel-unknown': { status: 404, close: 1008, title: 'No such channel' },
  'route-unknown': { status: 404, close: 1008, title: 'Nothing is here' },
  'proof-unknown': { status: 404, close: 1008, title: 'No such proof is open here' },
  'method-not-allowed': { status: 405, close: 1008, title: 'Not with this method' },
  'request-timeout': { status: 408, close: 1008, title: 'The request took too long to arrive' },
  'backup-refused': { status: 409, close: 1008, title: 'No backup can be made there' },
  'channel-closed': { status: 409, close: 1008, title: 'The channel is closed' },
  'channel-exists': { status: 409, close: 1008, title: 'The channel exists with another configuration' },
  'content-type-mismatch': { status: 409, close: 1008, title: "Not the channel's content type" },
  'producer-gap': { status: 409, close: 1008, title: 'An earlier append of this producer is missing' },
  'proof-taken': { status: 409, close: 1008, title: 'A proof of this id is open' },
  'sequence-regression': { status: 409, close: 1008, title: 'Not after the last sequence' },
  'history-changed': { status: 410, close: 1008, title: "Not an offset of the channel's history" },
  'offset-gone': { status: 410, close: 1008, title: 'Dropped by retention' },
  'message-too-large': { status: 413, close: 1009, title: 'Too large' },
  'messages-too-many': { status: 413, close: 1009, title: 'Too many messages at once' },
  'content-encoding-unknown': { status: 415, close: 1008, title: 'Bodies are taken as they are' },
  'message-kind-wrong': { status: 415, close: 1003, title: 'The wrong kind of frame for this channel' },
  'host-refused': { status: 421, close: 1008, title: 'Not a host of this server' },
  'upgrade-required': { status: 426, close: 1008, title: 'A WebSocket upgrade is needed' },
  'header-too-large': { status: 431, close: 1009, title: 'The headers are too large' },
  'subscription-exists': { status: 409, close: 1008, title: 'Subscribed already' },
  'subscriptions-too-many': { status: 429, close: 1008, title: 'Too many subscriptions on this socket' },
  'internal-error': { status: 500, close: 1011, title: 'The server made a mistake' },
  'storage-damaged': { status: 500, close: 1011, title: 'Stored data did not pass its check' },
  'not-implemented': { status: 501, close: 1008, title: 'Not here yet' },
  'server-busy': { status: 503, close: 1013, title: 'The server has enough to do' },
  'server-stopping': { status: 503, close: 1001, title: 'The server is stopping' },
  'storage-full': { status: 507, close: 1013, title: 'The storage is full' },
  'storage-unavailable': { status: 503, close: 1013, title: 'The storage takes no more' },
} as const satisfies Record<string, { status: number; close: number; title: string }>

export type ProblemCode = keyof typeof problems

export function isProblemCode(text: unknown): text is ProblemCode {
  return typeof text === 'string' && Object.hasOwn(problems, text)
}

/** The facts that a program needs beside the code: headers in HTTP, fields in an `error` envelope. */
export interface ProblemFacts {
  /** Where the earliest message that is left starts. */
  readonly earliestOffset?: string
  /** The tail; the final offset when the channel is closed. */
  readonly nextOffset?: string
  readonly closed?: true
  readonly currentEpoch?: number
  readonly expectedSeq?: number
  readonly receivedSeq?: number
  /** Seconds to wait before asking again. */
  readonly retryAfterSeconds?: number
  /** The methods that a 405 allows. */
  readonly allow?: string
}

/** Expected trouble: what went wrong, as a stable code, and a sentence that says what to do. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly facts: ProblemFacts

  constructor(code: ProblemCode, detail: string, facts: ProblemFacts = {}, options?: ErrorOptions) {
    super(detail, options)
    this.code = code
    this.facts = facts
  }

  get status(): number {
    return problems[this.code].status
  }

  get title(): string {
    return problems[this.code].title
  }
}

/** The base of a problem's `type`: a URN, since there is nothing to fetch. */
export const problemTypeBase = 'urn:tidings:problem:'

export const problemContentType = 'application/problem+json'
