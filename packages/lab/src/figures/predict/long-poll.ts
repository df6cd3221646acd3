import { type Arrivals, decimal, percent } from './arrivals.js'
import { predictPolls, roundTripsMs } from './polls.js'
import type { Predicted, Prediction, PredictionInput } from './types.js'

/** How a reader's long polls follow each other, seconds. */
interface Rounds {
  /** From an answer to the next request at the server: nobody waits there. */
  readonly awaySeconds: number
  /** A round that ends without a message. */
  readonly emptyRoundSeconds: number
  /** Empty answers from one burst to the next. */
  readonly emptyPerBurst: number
  /** Messages come while the reader is away, whenever it is. */
  readonly isAlwaysBehind: boolean
}

/**
 * A poll is answered by the next burst, or empty when the hold time is over; then the next is on its way. While it
 * is, nobody waits at the server: what comes then waits for its arrival. Where bursts come more often than requests
 * can follow each other, that is the rule, and every poll finds some at once.
 */
export function predictLongPoll(input: PredictionInput, arrivals: Arrivals): Prediction {
  const rounds = roundsOf(input, arrivals)
  const requests = requestsOf(rounds, arrivals)
  return predictPolls(input, arrivals, {
    requests,
    emptyAnswers: emptyAnswersOf(input, rounds, arrivals, requests.value),
    delayP50Ms: delay(input, rounds, arrivals, 0.5),
    delayP99Ms: delay(input, rounds, arrivals, 0.99),
  })
}

function roundsOf(input: PredictionInput, { periodSeconds }: Arrivals): Rounds {
  const awaySeconds = Math.max(0.001, roundTripsMs(input)) / 1_000
  const emptyRoundSeconds = input.holdSeconds + awaySeconds
  const isAlwaysBehind = periodSeconds <= awaySeconds
  const emptyPerBurst = isAlwaysBehind ? 0 : Math.floor(periodSeconds / emptyRoundSeconds)
  return { awaySeconds, emptyRoundSeconds, emptyPerBurst, isAlwaysBehind }
}

function requestsOf(rounds: Rounds, { periodSeconds, burstsPerSecond, words }: Arrivals): Predicted {
  const { isAlwaysBehind, awaySeconds, emptyRoundSeconds, emptyPerBurst } = rounds
  if (periodSeconds === Number.POSITIVE_INFINITY) {
    return {
      value: 1 / emptyRoundSeconds,
      because: `1 request each ${decimal(emptyRoundSeconds)} s: nothing comes`,
    }
  }
  if (isAlwaysBehind) {
    const because = `1 request each ${decimal(awaySeconds * 1_000)} ms: at ${words} there is always something, and the way is what takes time`
    return { value: 1 / awaySeconds, because }
  }
  return {
    value: burstsPerSecond * (1 + emptyPerBurst),
    because: `each burst answers 1 request: at ${words} that is ${decimal(burstsPerSecond)} a second, and ${decimal(emptyPerBurst)} between two bursts end empty`,
  }
}

function emptyAnswersOf(
  input: PredictionInput,
  { emptyPerBurst, emptyRoundSeconds }: Rounds,
  { periodSeconds, burstsPerSecond }: Arrivals,
  requestsPerSecond: number,
): Predicted {
  const isSilent = periodSeconds === Number.POSITIVE_INFINITY
  const value = isSilent ? 1 / emptyRoundSeconds : burstsPerSecond * emptyPerBurst
  const share = percent(value / requestsPerSecond)
  const because =
    value === 0
      ? `something comes before ${decimal(input.holdSeconds)} s are over: no request ends empty`
      : `a request is held for ${decimal(input.holdSeconds)} s: ${share} of them end empty`
  return { value, because }
}

/** @param rank 0.5 for the median */
function delay(input: PredictionInput, rounds: Rounds, { periodSeconds }: Arrivals, rank: number): Predicted {
  const wayDownMs = input.roundTripMs / 2
  const awayMs = rounds.awaySeconds * 1_000
  const down = `${decimal(wayDownMs)} ms on the way down`
  if (rounds.isAlwaysBehind) {
    const because = `the reader is away for ${decimal(awayMs)} ms after each answer; ${percent(rank)} wait for at most ${decimal(awayMs * rank)} ms of that, and ${down}`
    return { value: awayMs * rank + wayDownMs, because }
  }
  // Only where polls end empty can a burst meet a reader that is away: right after a burst none follows.
  const isEverAway = rounds.emptyPerBurst > 0 && periodSeconds !== Number.POSITIVE_INFINITY
  const awayShare = isEverAway ? rounds.awaySeconds / rounds.emptyRoundSeconds : 0
  const waitMs = Math.max(0, awayMs * (1 - (1 - rank) / Math.max(awayShare, Number.MIN_VALUE)))
  const wait =
    waitMs > 0 ? `${percent(awayShare)} come while the reader is away: up to ${decimal(waitMs)} ms, and ` : ''
  return { value: waitMs + wayDownMs, because: `the request is there already: ${wait}${down}` }
}
