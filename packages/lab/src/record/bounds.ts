/** What a lane's record holds at most; past it the oldest are let go of. Totals stay. */
export const recordBounds = {
  arrows: 5_000,
  /** Of all arrows of a lane together: large messages leave fewer of them. */
  arrowBytes: 16 * 1024 * 1024,
  exchanges: 1_000,
  connections: 1_000,
  /** Requests whose times are still to be joined, by the page's own number. */
  asks: 1_000,
  /** Times, or arrows, of one request that wait for their other side. */
  waiting: 1_000,
} as const

/** So many arrows go at once, so that letting go costs nothing by the arrow. */
export const arrowsLetGoAtOnce = 250
