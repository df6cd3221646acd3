import { formatOffset } from '@tidings/protocol'
import { type Arrivals, decimal } from './arrivals.js'
import { payloadShare } from './polls.js'
import type { Predicted, Prediction, PredictionInput } from './types.js'

/** `id:<offset>` and a line end, `data:`, and two line ends: what an event has beside its message. */
const eventBytes = 'id:'.length + formatOffset(0, 0).length + 1 + 'data:'.length + 2

/** One event per message, those of a burst in one chunk. @see RFC 9112 §7.1 */
export function predictSse(input: PredictionInput, arrivals: Arrivals): Prediction {
  const atOnce = Math.max(1, input.burst)
  const chunkLength = atOnce * (input.messageBytes + eventBytes)
  const chunkBytes = chunkLength.toString(16).length + 4
  const down = arrivals.burstsPerSecond * (chunkLength + chunkBytes)
  return predictStream(input, arrivals, {
    value: down,
    because: `${arrivals.words}, each with ${eventBytes} bytes of its event around it, and ${chunkBytes} bytes for each chunk; comments of an idle stream not counted`,
  })
}

/** @see RFC 6455 §5.2 */
export function predictWebSocket(input: PredictionInput, arrivals: Arrivals): Prediction {
  const headerBytes = input.messageBytes <= 125 ? 2 : input.messageBytes <= 65_535 ? 4 : 10
  return predictStream(input, arrivals, {
    value: input.messagesPerSecond * (input.messageBytes + headerBytes),
    because: `${decimal(input.messagesPerSecond)} messages a second of ${decimal(input.messageBytes)} bytes, each with a frame header of ${headerBytes}; pings not counted`,
  })
}

function predictStream(input: PredictionInput, arrivals: Arrivals, down: Predicted): Prediction {
  const wayDownMs = input.roundTripMs / 2
  const open = 'one request at the beginning, and then the connection stays open'
  const delay = {
    value: wayDownMs,
    because: `nothing is waited for: ${decimal(wayDownMs)} ms on the way down`,
  }
  return {
    requestsPerSecond: { value: 0, because: open },
    emptyAnswersPerSecond: { value: 0, because: 'nothing is asked, so nothing is answered empty' },
    connectionsPerSecond: { value: 0, because: open },
    bytesUpPerSecond: { value: 0, because: 'nothing goes up' },
    bytesDownPerSecond: down,
    payloadShare: payloadShare(arrivals, down.value),
    delayP50Ms: delay,
    delayP99Ms: delay,
  }
}
