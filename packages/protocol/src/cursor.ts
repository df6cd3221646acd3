/**
 * `Stream-Cursor`: a token for caches that lie between, never a position. Time is cut into intervals of 20
 * seconds; a client that echoes a cursor which is not behind the present one gets a later one, so that no
 * cache can answer it with its own old answer for ever.
 *
 * @see Durable Streams §10.1
 */
const intervalMs = 20_000
/** 2024-10-09T00:00:00Z. */
const epochMs = 1_728_432_000_000
const maxJitterSeconds = 3_600

/** @returns the number of the interval that `nowMs` lies in */
export function currentCursor(nowMs: number): number {
  return Math.floor((nowMs - epochMs) / intervalMs)
}

/**
 * @param echoed the `cursor` query parameter, as the client sent it
 * @param random 0 (included) to 1 (excluded)
 * @returns undefined when the present cursor will do for this client, as it does for most; else its own
 */
export function advancedCursor(echoed: string | null, nowMs: number, random: number): number | undefined {
  if (echoed === null || !/^\d{1,15}$/.test(echoed)) return undefined
  const cursor = Number(echoed)
  if (cursor < currentCursor(nowMs)) return undefined
  const jitterSeconds = 1 + Math.floor(random * maxJitterSeconds)
  return cursor + Math.max(1, Math.ceil((jitterSeconds * 1000) / intervalMs))
}
