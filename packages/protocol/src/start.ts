import { type OffsetRequest, parseOffset, type WrittenOffset } from './offset.js'
import { Problem } from './problem.js'
import { parseTime } from './time.js'

/** Messages that `last` may ask for. */
export const maxLast = 10_000

/**
 * Where a reader asks to start, from one of `offset`, `last` and `since`, as a query parameter or an envelope's
 * field has it.
 *
 * @returns undefined when none of them is there
 * @throws Problem `offset-malformed`, `start-ambiguous`
 */
export function parseStart(from: {
  readonly offset?: string | undefined
  readonly last?: string | number | undefined
  readonly since?: string | undefined
}): OffsetRequest | undefined {
  const given = [from.offset, from.last, from.since].filter((value) => value !== undefined)
  if (given.length > 1) throw new Problem('start-ambiguous', 'Send one of offset, last and since.')
  if (from.offset !== undefined) return offsetOf(from.offset)
  if (from.last !== undefined) return { at: 'last', count: parseLast(from.last) }
  if (from.since !== undefined) return { at: 'since', timeMs: sinceOf(from.since) }
  return undefined
}

/** @throws Problem `offset-malformed` */
export function offsetOf(text: string): WrittenOffset {
  const offset = parseOffset(text)
  if (offset) return offset
  throw new Problem('offset-malformed', 'Send an offset that this server gave out, -1 or now.')
}

/** @throws Problem `offset-malformed` */
export function parseLast(last: string | number): number {
  const count = typeof last === 'number' ? last : /^\d{1,6}$/.test(last) ? Number(last) : Number.NaN
  if (Number.isSafeInteger(count) && count >= 0 && count <= maxLast) return count
  throw new Problem('offset-malformed', `"last" is a whole number of messages, at most ${maxLast}.`)
}

function sinceOf(text: string): number {
  const timeMs = parseTime(text)
  if (timeMs !== undefined) return timeMs
  throw new Problem('offset-malformed', '"since" is a time of RFC 3339, as in 2030-01-31T12:00:00Z.')
}
