/**
 * Where a reader starts: an offset (`-1` is the beginning, `now` the tail), or what the server looks up when it is
 * first asked: the last so many messages, or what was kept since a time (a `Date`, or a text of RFC 3339).
 */
export type Start = string | { readonly last: number } | { readonly since: Date | string }

/** Whether it stays the same place: `-1`, `now`, `last` and `since` do not. */
export function isOffset(start: unknown): start is string {
  return typeof start === 'string' && start.includes('_')
}

/** As an envelope has it; as a query, once the values are text. */
export function startFields(start: Start): { offset: string } | { last: number } | { since: string } {
  if (typeof start === 'string') return { offset: start }
  if ('last' in start) return { last: start.last }
  return { since: typeof start.since === 'string' ? start.since : start.since.toISOString() }
}
