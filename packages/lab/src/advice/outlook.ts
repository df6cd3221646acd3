import type { Way } from '@tidings/protocol'
import type { LaneFigures } from '../figures/types.js'
import type { Audience } from '../workload/choices.js'

/** What one way would cost an audience, if each of its readers were like the lane that was measured. */
export interface Outlook {
  readonly way: Way
  /** Enough was heard, and nothing was missing, so that the rest means something. */
  readonly isMeasured: boolean
  /** Requests of all readers together, those with which they speak too, a second. */
  readonly requestsPerSecond: number
  /** Of the requests that were measured, the share that brought nothing: 0 to 1. */
  readonly emptyShare: number
  /** What goes over the wire beside the messages, both directions, of all readers together. */
  readonly overheadBitsPerSecond: number
  /** Connections that stand open all the time. */
  readonly heldConnections: number
  readonly delayP50Ms: number | undefined
  readonly delayP99Ms: number | undefined
  /** Its p99 is within what the audience tolerates. */
  readonly isSoonEnough: boolean
}

/** Fewer seconds or messages say little: a lane's first connection alone would decide. */
export const leastMeasure = { seconds: 5, messages: 3 } as const

/** What a browser's POST and its answer weigh beside the message, bytes, where the lane has not shown it. */
const typicalExchangeBytes = 800

/** A masked frame's head up, the head of its echo down. @see RFC 6455 §5.2 */
const frameHeadBytes = 8

export function lookAhead(
  way: Way,
  figures: LaneFigures,
  { readers, saysPerMinute, toleratedDelayMs }: Audience,
): Outlook {
  const seconds = Math.max(figures.elapsedSeconds, 1)
  const saysPerSecond = saysPerMinute / 60
  const speaking =
    way === 'websocket'
      ? { requests: 0, bytes: saysPerSecond * frameHeadBytes }
      : { requests: saysPerSecond, bytes: saysPerSecond * exchangeBytes(way, figures) }
  const overheadBytes = Math.max(0, figures.bytesUp + figures.bytesDown - figures.payloadBytes)
  return {
    way,
    isMeasured: isMeasured(figures),
    requestsPerSecond: readers * (figures.requests / seconds + speaking.requests),
    emptyShare: figures.requests === 0 ? 0 : figures.emptyAnswers / figures.requests,
    overheadBitsPerSecond: 8 * readers * (overheadBytes / seconds + speaking.bytes),
    heldConnections: way === 'short-poll' ? 0 : readers,
    delayP50Ms: figures.delayP50Ms,
    delayP99Ms: figures.delayP99Ms,
    isSoonEnough: figures.delayP99Ms !== undefined && figures.delayP99Ms <= toleratedDelayMs,
  }
}

function isMeasured({ elapsedSeconds, messages, lost, delayP99Ms }: LaneFigures): boolean {
  return (
    elapsedSeconds >= leastMeasure.seconds &&
    messages >= leastMeasure.messages &&
    lost === 0 &&
    delayP99Ms !== undefined
  )
}

/** The heads of a poll are much like those of a POST; a stream has too few requests to tell. */
function exchangeBytes(way: Way, figures: LaneFigures): number {
  if (way === 'sse' || figures.requests < 3) return typicalExchangeBytes
  return Math.max(0, figures.bytesUp + figures.bytesDown - figures.payloadBytes) / figures.requests
}
