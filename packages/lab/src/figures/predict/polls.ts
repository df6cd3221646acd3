import { type Arrivals, decimal, percent } from './arrivals.js'
import type { Predicted, Prediction, PredictionInput } from './types.js'

/** What polls do in a second, and when they hear. */
export interface PollRates {
  readonly requests: Predicted
  readonly emptyAnswers: Predicted
  readonly delayP50Ms: Predicted
  readonly delayP99Ms: Predicted
}

/** What polls cost, whichever they are: heads for each, and the messages in JSON arrays. */
export function predictPolls(input: PredictionInput, arrivals: Arrivals, rates: PollRates): Prediction {
  const { requests, emptyAnswers } = rates
  const answersWithMessages = Math.max(0, requests.value - emptyAnswers.value)
  const up = requests.value * input.requestHeadBytes
  // `[`, `]`, and a comma between two: a byte more than the messages have, for each answer, and one for each message.
  const arrays = arrivals.payloadBytesPerSecond + input.messagesPerSecond + answersWithMessages
  const down =
    emptyAnswers.value * input.emptyAnswerBytes + answersWithMessages * input.answerHeadBytes + arrays
  return {
    requestsPerSecond: requests,
    emptyAnswersPerSecond: emptyAnswers,
    connectionsPerSecond: connections(input, requests.value),
    bytesUpPerSecond: {
      value: up,
      because: `${decimal(requests.value)} requests a second of ${decimal(input.requestHeadBytes)} bytes each`,
    },
    bytesDownPerSecond: {
      value: down,
      because:
        `${decimal(emptyAnswers.value)} empty answers a second of ${decimal(input.emptyAnswerBytes)} bytes, ` +
        `${decimal(answersWithMessages)} heads of ${decimal(input.answerHeadBytes)}, and ${decimal(arrays)} bytes of messages in arrays`,
    },
    payloadShare: payloadShare(arrivals, up + down),
    delayP50Ms: rates.delayP50Ms,
    delayP99Ms: rates.delayP99Ms,
  }
}

export function payloadShare({ payloadBytesPerSecond }: Arrivals, allBytesPerSecond: number): Predicted {
  const value = allBytesPerSecond === 0 ? 0 : payloadBytesPerSecond / allBytesPerSecond
  return {
    value,
    because: `${decimal(payloadBytesPerSecond)} of ${decimal(allBytesPerSecond)} bytes a second are messages: ${percent(value)}`,
  }
}

function connections({ isKeptAlive }: PredictionInput, requestsPerSecond: number): Predicted {
  if (isKeptAlive) return { value: 0, because: 'one connection carries all requests' }
  return { value: requestsPerSecond, because: 'each request opens a connection of its own' }
}

/** A poll on a connection of its own waits for the TCP handshake first: a round trip more. */
export function roundTripsMs({ isKeptAlive, roundTripMs }: PredictionInput): number {
  return isKeptAlive ? roundTripMs : 2 * roundTripMs
}
