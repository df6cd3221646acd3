/** How the page's own four readers ask. */
export interface LaneSettings {
  /** Between the answer to a short poll and the next one, milliseconds. */
  readonly pollIntervalMs: number
  /** How long a long poll is held, seconds; the server holds none longer than its own setting. */
  readonly holdSeconds: number
  /** Off: every long poll and short poll comes on a connection of its own. */
  readonly isKeptAlive: boolean
}
