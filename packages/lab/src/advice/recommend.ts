import { type Way, type Workload, ways } from '@tidings/protocol'
import type { LaneFigures } from '../figures/types.js'
import type { Audience } from '../workload/choices.js'
import type { Advice, Because, Outlooks } from './advice.js'
import { leastMeasure, lookAhead, type Outlook } from './outlook.js'
import { sayAgainst, sayFor } from './reasons.js'

export interface Measurement {
  readonly figures: Readonly<Record<Way, LaneFigures>>
  readonly workload: Workload
  readonly audience: Audience
}

/** From where on a thing matters. Orders of magnitude, of one modest server. */
export const matters = {
  /** Of one reader: rather a frame than a request each time. */
  saysPerMinute: 30,
  /** Of all readers: below it a server does not notice polling. */
  fewRequestsPerSecond: 20,
  /** Of all readers: above it polling needs servers of its own. */
  manyRequestsPerSecond: 2_000,
  overheadBitsPerSecond: 100_000_000,
} as const

/**
 * Which way suits a channel and its audience, from what the lanes have just measured. The rules in their order, of the
 * ways whose p99 is within what the audience tolerates:
 *
 * 1. who speaks often takes a WebSocket: otherwise each message up is a request
 * 2. few polls in all: short polling, the simplest, with nothing held open
 * 3. polls that mostly bring something, cheaper than a stream, and not too many: short polling, which gathers
 * 4. SSE, unless its framing weighs something at this size of audience, and a WebSocket's weighs half
 * 5. WebSocket, SSE, long polling, short polling: the first that gets through
 * 6. when none is soon enough: the soonest
 */
export function recommend({ figures, workload, audience }: Measurement): Advice {
  const outlooks = Object.fromEntries(
    ways.map((way) => [way, lookAhead(way, figures[way], audience)]),
  ) as unknown as Outlooks
  const measured = ways.filter((way) => outlooks[way].isMeasured)
  if (measured.length === 0) return { kind: 'not-yet', missing: sayMissing(workload), outlooks }
  const { way, because } = decide(outlooks, audience) ?? soonest(measured, outlooks)
  const facts = { outlooks, workload, audience }
  return {
    kind: 'way',
    way,
    because,
    sentences: [sayFor(way, because, facts), sayAgainst(way, facts)],
    outlooks,
  }
}

function decide(outlooks: Outlooks, audience: Audience): { way: Way; because: Because } | undefined {
  const suits = (way: Way) => outlooks[way].isMeasured && outlooks[way].isSoonEnough
  const { 'short-poll': shortPoll, sse, websocket } = outlooks
  const speaksOften = audience.saysPerMinute >= matters.saysPerMinute
  if (speaksOften && suits('websocket')) return { way: 'websocket', because: 'speaks-often' }
  if (!speaksOften && suits('short-poll')) {
    if (shortPoll.requestsPerSecond <= matters.fewRequestsPerSecond)
      return { way: 'short-poll', because: 'few-requests' }
    if (gathers(shortPoll, sse)) return { way: 'short-poll', because: 'gathers' }
  }
  if (suits('sse') && !(suits('websocket') && framingMatters(sse, websocket)))
    return { way: 'sse', because: 'one-request' }
  if (suits('websocket') && suits('sse')) return { way: 'websocket', because: 'least-overhead' }
  const first = (['websocket', 'sse', 'long-poll', 'short-poll'] as const).find(suits)
  return first && { way: first, because: 'gets-through' }
}

function gathers(shortPoll: Outlook, sse: Outlook): boolean {
  return (
    shortPoll.emptyShare <= 0.5 &&
    shortPoll.requestsPerSecond <= matters.manyRequestsPerSecond &&
    (!sse.isMeasured || shortPoll.overheadBitsPerSecond < sse.overheadBitsPerSecond)
  )
}

function framingMatters(sse: Outlook, websocket: Outlook): boolean {
  return (
    sse.overheadBitsPerSecond > matters.overheadBitsPerSecond &&
    websocket.overheadBitsPerSecond < sse.overheadBitsPerSecond / 2
  )
}

function soonest(measured: readonly Way[], outlooks: Outlooks): { way: Way; because: Because } {
  const delayOf = (way: Way) => outlooks[way].delayP99Ms ?? Number.POSITIVE_INFINITY
  const way = measured.reduce((best, next) => (delayOf(next) < delayOf(best) ? next : best))
  return { way, because: 'soonest' }
}

function sayMissing({ messagesPerSecond }: Workload): string {
  if (messagesPerSecond === 0) return 'Nothing is published: give your workload a rate.'
  const { seconds, messages } = leastMeasure
  const waitSeconds = Math.ceil(Math.max(seconds, messages / messagesPerSecond))
  return `Measuring: it takes ${messages} messages that all came, about ${waitSeconds} seconds.`
}
