import { type Arrivals, decimal, percent } from './arrivals.js'
import { predictPolls, roundTripsMs } from './polls.js'
import type { Prediction, PredictionInput } from './types.js'

/**
 * One poll each interval and round trip. Where bursts come more seldom than polls, each is found by one poll and the
 * other polls find nothing; where they come more often, every poll finds some.
 *
 * A message waits for the next poll: any time up to a whole round, each as likely, and then comes down.
 */
export function predictShortPoll(input: PredictionInput, arrivals: Arrivals): Prediction {
  const roundMs = input.pollIntervalMs + roundTripsMs(input)
  const requests = 1_000 / Math.max(1, roundMs)
  const emptyAnswers = Math.max(0, requests - arrivals.burstsPerSecond)
  const share = emptyAnswers / requests
  const wayDownMs = input.roundTripMs / 2
  const waits = `a message waits up to ${decimal(roundMs)} ms for the next request`
  return predictPolls(input, arrivals, {
    requests: {
      value: requests,
      because: `1 request each ${decimal(roundMs)} ms: the interval, and ${decimal(roundTripsMs(input))} ms on the way`,
    },
    emptyAnswers: {
      value: emptyAnswers,
      because: `1 request each ${decimal(roundMs)} ms; at ${arrivals.words} ${percent(share)} of them find nothing`,
    },
    delayP50Ms: {
      value: roundMs / 2 + wayDownMs,
      because: `${waits}, half of that in the middle, and comes down in ${decimal(wayDownMs)} ms`,
    },
    delayP99Ms: {
      value: roundMs * 0.99 + wayDownMs,
      because: `${waits}, 1 in 100 nearly all of it, and comes down in ${decimal(wayDownMs)} ms`,
    },
  })
}
