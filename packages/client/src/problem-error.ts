import {
  closedHeader,
  earliestOffsetHeader,
  nextOffsetHeader,
  type ProblemCode,
  type ProblemFacts,
  producerEpochHeader,
  producerExpectedSequenceHeader,
  producerReceivedSequenceHeader,
} from '@tidings/protocol'

/** What can go wrong on this side of the wire, or beyond what a Tidings server says. */
export type ClientCode =
  /** The server's URL is none, or not http(s). */
  | 'address-invalid'
  /** The answer is not what the protocol says: perhaps no Tidings server is there. */
  | 'answer-malformed'
  /** A status without problem details: a proxy's, or another server's. `status` tells which. */
  | 'answer-unexpected'
  /** No answer, or it broke off: refused, reset, timed out, or (in browsers) not allowed by CORS. */
  | 'connection-failed'
  /** The publisher was stopped, or its signal aborted, before this was acknowledged. */
  | 'publisher-stopped'
  /** More is waiting to be published than the publisher's bound. */
  | 'queue-full'
  /** This runtime has no WebSocket and none was given. */
  | 'websocket-missing'

/** A code of a server that is newer than this client. */
export type UnknownCode = string & { readonly unknown?: never }

export type ErrorCode = ProblemCode | ClientCode | UnknownCode

interface ProblemErrorOptions extends ErrorOptions {
  /** With which the server refused, or would have over HTTP. */
  readonly status?: number | undefined
  readonly facts?: ProblemFacts
  readonly isTransient?: boolean
}

/**
 * Every error that this client throws. Decide by `code`; `message` is a sentence that says what to do.
 *
 * `facts` carries what a program needs beside it: `earliestOffset` and `nextOffset` of `history-changed` and
 * `offset-gone` (read on from one of them: what lies between is lost, or another history), `currentEpoch` of
 * `producer-stale`, `expectedSeq` of `producer-gap`.
 */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly code: ErrorCode
  /** With which the server refused, or would have over HTTP; undefined when it did not say so. */
  readonly status: number | undefined
  readonly facts: ProblemFacts
  /** Asking again later may help; readers and publishers do that by themselves. */
  readonly isTransient: boolean

  constructor(code: ErrorCode, detail: string, options: ProblemErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.status = options.status
    this.facts = options.facts ?? {}
    this.isTransient = options.isTransient ?? (this.status !== undefined && isTransientStatus(this.status))
  }
}

/** 501 says that it will not be here the next time either. */
export function isTransientStatus(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501)
}

export function connectionFailed(detail: string, cause?: unknown): ProblemError {
  return new ProblemError('connection-failed', detail, { cause, isTransient: true })
}

export function answerMalformed(detail: string, cause?: unknown): ProblemError {
  return new ProblemError('answer-malformed', `${detail} Is a Tidings server at this address?`, { cause })
}

/**
 * @param bodyText the answer's body, as far as it was read; empty for HEAD
 * @returns the problem that the answer stands for
 * @see RFC 9457 §3
 */
export function problemFromAnswer(status: number, headers: Headers, bodyText: string): ProblemError {
  const fields = parseObject(bodyText)
  const facts = { ...factsFrom(fields), ...factsFrom(fieldsOfHeaders(status, headers)) }
  const { code, title = `HTTP ${status}.`, detail = title } = fields
  if (typeof code === 'string') return new ProblemError(code, String(detail), { status, facts })
  const isOurs = headers.get('content-type')?.startsWith('application/problem+json')
  // An answer to HEAD has no body; an offset that is gone is not asked for with it.
  if (isOurs && status === 404)
    return new ProblemError('channel-unknown', 'No such channel. Create it first.', { status, facts })
  if (isOurs && status === 410)
    return new ProblemError('channel-deleted', 'The channel is deleted; forks stand on it.', {
      status,
      facts,
    })
  const who = 'The answer is not one of Tidings: a proxy between, or another server at this address?'
  return new ProblemError('answer-unexpected', `HTTP ${status}. ${who}`, { status, facts })
}

export function problemFromEnvelope(envelope: Readonly<Record<string, unknown>>): ProblemError {
  const { code = 'answer-malformed', detail = code, status } = envelope
  return new ProblemError(String(code), String(detail), {
    status: typeof status === 'number' ? status : undefined,
    facts: factsFrom(envelope),
  })
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text))
  } catch {
    // HTML of a proxy, or nothing: the status says enough.
    return {}
  }
}

const kinds: Readonly<Record<keyof ProblemFacts, string>> = {
  earliestOffset: 'string',
  nextOffset: 'string',
  allow: 'string',
  closed: 'boolean',
  currentEpoch: 'number',
  expectedSeq: 'number',
  receivedSeq: 'number',
  retryAfterSeconds: 'number',
}

/** What is not of its kind is left out. */
function factsFrom(fields: Readonly<Record<string, unknown>>): ProblemFacts {
  return Object.fromEntries(
    Object.entries(kinds)
      .filter(([name, kind]) => fields[name] !== false && typeof fields[name] === kind)
      .map(([name]) => [name, fields[name]]),
  )
}

function fieldsOfHeaders(status: number, headers: Headers): Record<keyof ProblemFacts, unknown> {
  const get = (name: string) => headers.get(name)
  return {
    earliestOffset: get(earliestOffsetHeader),
    nextOffset: get(nextOffsetHeader),
    allow: get('allow'),
    closed: get(closedHeader) === 'true',
    // On success the same header is an echo of the request's.
    currentEpoch: status === 403 && wholeNumber(get(producerEpochHeader)),
    expectedSeq: wholeNumber(get(producerExpectedSequenceHeader)),
    receivedSeq: wholeNumber(get(producerReceivedSequenceHeader)),
    retryAfterSeconds: retryAfterSeconds(get('retry-after') ?? ''),
  }
}

function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d{1,16}$/.test(text) ? Number(text) : undefined
}

/** Seconds, or a date. @see RFC 9110 §10.2.3 */
function retryAfterSeconds(text: string): number | undefined {
  const ms = Date.parse(text) - Date.now()
  return wholeNumber(text) ?? (Number.isNaN(ms) ? undefined : Math.max(0, ms / 1000))
}
