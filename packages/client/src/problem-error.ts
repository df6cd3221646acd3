import {
  earliestOffsetHeader,
  header,
  isProblemCode,
  Problem,
  type ProblemCode,
  type ProblemFacts,
  problems,
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
  /** The HTTP status, or the one that the code stands for. */
  readonly status?: number
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
  readonly status: number | undefined
  readonly facts: ProblemFacts
  /** Asking again later may help; readers and publishers do that by themselves. */
  readonly isTransient: boolean

  constructor(code: ErrorCode, detail: string, options: ProblemErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.status = options.status ?? (isProblemCode(code) ? problems[code].status : undefined)
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

/** Runs `check`, and gives what the protocol's own checks throw the client's form. */
export function checked<T>(check: () => T): T {
  try {
    return check()
  } catch (error) {
    if (error instanceof Problem) {
      throw new ProblemError(error.code, error.message, { facts: error.facts, cause: error })
    }
    throw error
  }
}

/**
 * @param bodyText the answer's body, as far as it was read; empty for HEAD
 * @returns the problem that the answer stands for
 * @see RFC 9457 §3
 */
export function problemFromAnswer(status: number, headers: Headers, bodyText: string): ProblemError {
  const details = parseObject(bodyText)
  const facts = { ...factsFromFields(details), ...factsFromHeaders(status, headers) }
  if (typeof details.code === 'string') {
    const detail = details.detail ?? details.title
    return new ProblemError(details.code, typeof detail === 'string' ? detail : `HTTP ${status}.`, {
      status,
      facts,
    })
  }
  const isOurs = headers.get('content-type')?.startsWith('application/problem+json') ?? false
  if (status === 404 && isOurs) {
    return new ProblemError('channel-unknown', 'No such channel. Create it first.', { status, facts })
  }
  // An answer to HEAD has no body; an offset that is gone is not asked for with it.
  if (status === 410 && isOurs) {
    return new ProblemError('channel-deleted', 'The channel was deleted; forks still stand on it.', {
      status,
      facts,
    })
  }
  return new ProblemError('answer-unexpected', unexpectedDetail(status), { status, facts })
}

export function problemFromEnvelope(envelope: Record<string, unknown>): ProblemError {
  const code = typeof envelope.code === 'string' ? envelope.code : 'answer-malformed'
  const detail = typeof envelope.detail === 'string' ? envelope.detail : code
  return new ProblemError(code, detail, { facts: factsFromFields(envelope) })
}

function unexpectedDetail(status: number): string {
  const who = 'The answer is not one of Tidings: a proxy between, or another server at this address?'
  return `HTTP ${status}. ${who}`
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    // HTML of a proxy, or nothing: the status says enough.
    return {}
  }
}

const textFacts = ['earliestOffset', 'nextOffset', 'allow'] as const
const numberFacts = ['currentEpoch', 'expectedSeq', 'receivedSeq', 'retryAfterSeconds'] as const

function factsFromFields(fields: Record<string, unknown>): ProblemFacts {
  const facts: Record<string, unknown> = {}
  for (const name of textFacts) if (typeof fields[name] === 'string') facts[name] = fields[name]
  for (const name of numberFacts) if (typeof fields[name] === 'number') facts[name] = fields[name]
  if (fields.closed === true) facts.closed = true
  return facts
}

function factsFromHeaders(status: number, headers: Headers): ProblemFacts {
  const fields: Record<string, unknown> = {
    earliestOffset: headers.get(earliestOffsetHeader),
    nextOffset: headers.get(header.nextOffset),
    allow: headers.get('allow'),
    closed: headers.get(header.closed) === 'true',
    // On success the same header is an echo of the request's.
    currentEpoch: status === 403 ? wholeNumber(headers.get(header.producerEpoch)) : undefined,
    expectedSeq: wholeNumber(headers.get(header.producerExpectedSequence)),
    receivedSeq: wholeNumber(headers.get(header.producerReceivedSequence)),
    retryAfterSeconds: retryAfterSeconds(headers.get('retry-after')),
  }
  return factsFromFields(fields)
}

function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d{1,16}$/.test(text) ? Number(text) : undefined
}

/** Seconds, or a date. @see RFC 9110 §10.2.3 */
function retryAfterSeconds(text: string | null): number | undefined {
  if (text === null) return undefined
  if (/^\d+$/.test(text)) return Number(text)
  const dateMs = Date.parse(text)
  return Number.isNaN(dateMs) ? undefined : Math.max(0, (dateMs - Date.now()) / 1000)
}
