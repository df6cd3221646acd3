/** What a lane has cost, and brought, since the run began. Times in milliseconds. */
export interface LaneFigures {
  readonly requests: number
  readonly emptyAnswers: number
  readonly connections: number
  readonly bytesUp: number
  readonly bytesDown: number
  /** The heard messages' own bytes. */
  readonly payloadBytes: number
  readonly messages: number
  /** Of the messages that the server published, from when they were handed to its log to when the page heard them; of the last 2,000. */
  readonly delayP50Ms: number | undefined
  readonly delayP99Ms: number | undefined
  /** Of messages that this lane sent up, until it heard them again. */
  readonly roundTripP50Ms: number | undefined
  /** For the chart: the latest delays (at most 600), oldest first, by the page's clock. */
  readonly delays: { readonly atMs: readonly number[]; readonly delayMs: readonly number[] }
  /** For how long it has heard, seconds: what rates are reckoned by. */
  readonly elapsedSeconds: number
  readonly lost: number
  readonly twice: number
  readonly outOfOrder: number
}
