/** How long things take in the demo, milliseconds. */
export interface Pace {
  /** From one short poll to the next. */
  readonly intervalMs: number
  /** How long the server holds a long poll: shorter than the first cake takes, so that one hold runs out. */
  readonly holdMs: number
  readonly firstCakeMs: number
  readonly nextCakeMs: number
}

export const walkingPace: Pace = { intervalMs: 1_000, holdMs: 1_000, firstCakeMs: 1_600, nextCakeMs: 700 }

export const runningPace: Pace = { intervalMs: 250, holdMs: 250, firstCakeMs: 400, nextCakeMs: 150 }
