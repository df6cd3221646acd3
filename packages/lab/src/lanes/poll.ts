import { earliestOffsetHeader, header } from '@tidings/protocol'
import type { Asking, Query } from './asking.js'
import type { Browser } from './browser.js'
import { type LabMessage, parseMessages } from './lab-message.js'

export interface Poll {
  readonly query: Query
  readonly headers?: Readonly<Record<string, string>>
  readonly isFresh: boolean
  /** The longest time to the end of the answer, milliseconds. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** What came of a poll. */
export type PollResult =
  | {
      readonly kind: 'answer'
      readonly messages: readonly LabMessage[]
      /** Where to go on; absent in a 304, which says that nothing has changed. */
      readonly nextOffset: string | undefined
      readonly isUpToDate: boolean
      /** Nothing will ever follow. */
      readonly isClosed: boolean
      readonly cursor: string | undefined
      readonly entityTag: string | undefined
      /** When all of it was there, by the page's clock. */
      readonly atMs: number
    }
  /** No answer, half of one, or one that says no. */
  | {
      readonly kind: 'trouble'
      /** Retention has dropped what comes next: where what is left begins. */
      readonly earliestOffset: string | undefined
    }

/**
 * Asks once, with `fetch`, for what follows an offset.
 *
 * @see Durable Streams §5.6, §5.7
 */
export async function pollOnce(asking: Asking, fetch: Browser['fetch'], poll: Poll): Promise<PollResult> {
  const { ask, url } = asking.next(poll.query, poll.isFresh)
  asking.observe('asked', ask)
  const answer = await fetchWhole(fetch, url, poll)
  const atMs = asking.observe(answer ? 'answered' : 'ended', ask)
  return answer
    ? resultOf(answer.response, answer.body, atMs)
    : { kind: 'trouble', earliestOffset: undefined }
}

/** @returns undefined when it was refused, reset, cut, too late or aborted: fetch does not tell which */
async function fetchWhole(
  fetch: Browser['fetch'],
  url: URL,
  { headers, timeoutMs, signal }: Poll,
): Promise<{ readonly response: Response; readonly body: string } | undefined> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      ...(headers && { headers }),
    })
    return { response, body: await response.text() }
  } catch {
    return undefined
  }
}

function resultOf({ ok, status, headers }: Response, body: string, atMs: number): PollResult {
  const isUnchanged = status === 304
  const messages = ok || isUnchanged ? parseMessages(body) : undefined
  const nextOffset = headers.get(header.nextOffset) ?? undefined
  // A proxy may answer 200 for a server that is away: what tells no offset is no answer of ours.
  if (messages === undefined || (nextOffset === undefined && !isUnchanged)) {
    return { kind: 'trouble', earliestOffset: headers.get(earliestOffsetHeader) ?? undefined }
  }
  const isClosed = headers.get(header.closed) === 'true'
  return {
    kind: 'answer',
    messages,
    nextOffset,
    isUpToDate: isUnchanged || isClosed || headers.get(header.upToDate) === 'true',
    isClosed,
    cursor: headers.get(header.cursor) ?? undefined,
    entityTag: headers.get('etag') ?? undefined,
    atMs,
  }
}
