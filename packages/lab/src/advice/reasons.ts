import type { Way } from '@tidings/protocol'
import type { Because, Facts } from './advice.js'
import { capitalized, sayBits, sayDelay, sayNumber, sayRate, sayReaders, sayShare, wayName } from './words.js'

type Sentence = (way: Way, facts: Facts) => string

/** Why this way, with the numbers that decided. */
export function sayFor(way: Way, because: Because, facts: Facts): string {
  return reasonsFor[because](way, facts)
}

const reasonsFor: Readonly<Record<Because, Sentence>> = {
  'speaks-often': (way, { outlooks, audience }) =>
    `A reader that speaks ${sayNumber(audience.saysPerMinute)} times a minute wants one line for both directions: a WebSocket puts a few bytes of frame around each message where the others send a request, and brought every message within ${sayDelay(outlooks[way].delayP99Ms)} (p99).`,
  'few-requests': (way, { outlooks, audience }) =>
    `${sayReaders(audience.readers)} who poll make ${sayNumber(outlooks[way].requestsPerSecond)} requests a second in all, which no server notices; nothing is held open, and messages were ${sayDelay(outlooks[way].delayP99Ms)} late at most (p99), where ${sayDelay(audience.toleratedDelayMs)} is fine.`,
  gathers: (way, { outlooks }) =>
    `Only ${sayShare(outlooks[way].emptyShare)} of the polls came back empty and the others brought several messages at once, so polling adds ${sayBits(outlooks[way].overheadBitsPerSecond)} to the messages, less than any way that sends each for itself, at ${sayDelay(outlooks[way].delayP99Ms)} (p99).`,
  'one-request': (way, { outlooks, audience }) =>
    `One request for each of ${sayReaders(audience.readers)}, every message within ${sayDelay(outlooks[way].delayP99Ms)} (p99), ${sayBits(outlooks[way].overheadBitsPerSecond)} beside the messages in all, and a browser that breaks off comes back by itself where it was.`,
  'least-overhead': (way, { outlooks, audience }) =>
    `For ${sayReaders(audience.readers)} the framing counts: a WebSocket adds ${sayBits(outlooks[way].overheadBitsPerSecond)} to the messages where SSE adds ${sayBits(outlooks.sse.overheadBitsPerSecond)}, and every message came within ${sayDelay(outlooks[way].delayP99Ms)} (p99).`,
  'gets-through': (way, { outlooks }) =>
    `${capitalized(wayName[way])} is what gets through here in time: every message came within ${sayDelay(outlooks[way].delayP99Ms)} (p99).`,
  soonest: (way, { outlooks, audience }) =>
    `None of the four was within ${sayDelay(audience.toleratedDelayMs)}; ${wayName[way]} was the soonest with ${sayDelay(outlooks[way].delayP99Ms)} (p99).`,
}

/** Why not another: the one that would come to mind beside the chosen. */
export function sayAgainst(way: Way, facts: Facts): string {
  return reasonsAgainst[way](way, facts)
}

const reasonsAgainst: Readonly<Record<Way, Sentence>> = {
  'short-poll': (_, facts) => {
    const { sse } = facts.outlooks
    if (!sse.isMeasured) return missed(['sse', 'websocket'], facts)
    return `A stream would bring them within ${sayDelay(sse.delayP99Ms)}, and would hold ${sayNumber(sse.heldConnections)} connections open for it.`
  },
  'long-poll': (_, facts) => missed(['sse', 'websocket'], facts),
  sse: (_, facts) => againstPolling(facts),
  websocket: (_, facts) =>
    facts.audience.saysPerMinute > 0 ? againstRequests(facts) : againstPolling(facts),
}

function againstPolling({ outlooks, workload, audience }: Facts): string {
  const polling = outlooks['short-poll']
  const at = `At ${sayRate(workload.messagesPerSecond)} and ${sayReaders(audience.readers)}`
  if (!polling.isMeasured) return `${at}, short polling had not brought everything yet.`
  return `${at}, short polling would spend ${sayShare(polling.emptyShare)} of its requests on empty answers: ${sayNumber(polling.requestsPerSecond)} a second in all, for messages that come ${sayDelay(polling.delayP99Ms)} late (p99).`
}

function againstRequests({ outlooks, audience }: Facts): string {
  const { requestsPerSecond, overheadBitsPerSecond } = outlooks.sse
  return `With SSE or polling, what ${sayReaders(audience.readers)} say would be ${sayNumber(requestsPerSecond)} requests a second, and with their heads ${sayBits(overheadBitsPerSecond)} beside the messages.`
}

function missed(ways: readonly Way[], { outlooks, audience }: Facts): string {
  const late = ways.filter((way) => outlooks[way].isMeasured)
  if (late.length === 0)
    return 'A stream or a socket did not bring everything here: run the network check to see what stands in between.'
  const delays = late.map((way) => `${wayName[way]} took ${sayDelay(outlooks[way].delayP99Ms)}`).join(', ')
  return `Of the ways that stay open, ${delays}, where ${sayDelay(audience.toleratedDelayMs)} is fine.`
}
