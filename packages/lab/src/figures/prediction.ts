import type { Way } from '@tidings/protocol'
import { type Arrivals, arrivalsOf } from './predict/arrivals.js'
import { predictLongPoll } from './predict/long-poll.js'
import { predictShortPoll } from './predict/short-poll.js'
import { predictSse, predictWebSocket } from './predict/streams.js'
import type { Prediction, PredictionInput } from './predict/types.js'

export type { Predicted, Prediction, PredictionInput } from './predict/types.js'

const predictors: Readonly<Record<Way, (input: PredictionInput, arrivals: Arrivals) => Prediction>> = {
  'short-poll': predictShortPoll,
  'long-poll': predictLongPoll,
  sse: predictSse,
  websocket: predictWebSocket,
}

/**
 * What a way costs one reader, by arithmetic alone, once it has begun: what opening took is said and not counted.
 *
 * Messages come evenly, `burst` of them at once: as the Lab's workload publishes them, and not by chance (a Poisson
 * process of the same rate would leave more polls empty: at 0.2 messages a second 82 % of those that come each
 * second, instead of 80 %). Polls and messages keep no step with each other, so each moment of a poll's round is as
 * likely as any other. Messages published at once are taken to be answered at once. Bodies are as they are: the
 * server compresses answers of a kilobyte and more for whoever takes that, which is not reckoned with. Answers take
 * no time to be made.
 */
export function predict(way: Way, input: PredictionInput): Prediction {
  return predictors[way](input, arrivalsOf(input))
}
