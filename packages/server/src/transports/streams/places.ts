import type { OffsetRequest, Problem } from '@tidings/protocol'
import type { Channel } from '../../log/index.js'
import type { Exchange } from '../exchange.js'
import type { Station } from '../transport.js'
import type { AskedStream } from './streams-transport.js'

/** Where a reader is in one of its channels. */
export interface Place {
  readonly kind: 'place'
  readonly channel: Channel
  readonly position: number
  readonly start: OffsetRequest
}

/** One of the channels can't be heard, and why; the others can. */
export interface Trouble {
  readonly kind: 'trouble'
  readonly name: string
  readonly problem: Problem
}

/** The channel's end was told before. */
export interface Ended {
  readonly kind: 'ended'
}

/** What became of the streams that were asked for, in their order. */
export type Outcome = Place | Trouble | Ended

export function isPlace(outcome: Outcome): outcome is Place {
  return outcome.kind === 'place'
}

/** The reader knows where it is, and need not be told. */
export function isKnown({ start }: Place): boolean {
  return start.at === 'offset'
}

/** What the start stands for is another place at another time: nothing of the answer may be cached. */
export function isRelative({ start }: Place): boolean {
  return start.at === 'now' || start.at === 'last' || start.at === 'since'
}

/**
 * Finds the channels at once, so that those that are made are one commit, and then the places to start, one after
 * the other. They stay in memory, and do not end for want
 * of use, until `use` is over.
 */
export async function withPlaces(
  station: Station,
  exchange: Exchange,
  streams: readonly AskedStream[],
  use: (outcomes: readonly Outcome[]) => Promise<void> | void,
): Promise<void> {
  const pinned: Channel[] = []
  try {
    const found = streams.map((stream) => findPinned(station, exchange, stream, pinned))
    const outcomes: Outcome[] = []
    for (const each of found)
      outcomes.push(each.kind === 'found' ? await placeIn(station, exchange, each) : each)
    await use(outcomes)
  } finally {
    for (const channel of pinned) channel.unpin()
  }
}

interface Found {
  readonly kind: 'found'
  readonly channel: Channel
  readonly start: OffsetRequest
}

function findPinned(
  { log }: Station,
  exchange: Exchange,
  { name, start }: AskedStream,
  pinned: Channel[],
): Found | Trouble | Ended {
  if (!start) return { kind: 'ended' }
  try {
    const channel = log.findToHear(name, start)
    channel.pin()
    pinned.push(channel)
    return { kind: 'found', channel, start }
  } catch (error) {
    return { kind: 'trouble', name, problem: exchange.problemOf(error) }
  }
}

async function placeIn(
  { log }: Station,
  exchange: Exchange,
  { channel, start }: Found,
): Promise<Place | Trouble> {
  try {
    return { kind: 'place', channel, position: await log.resolve(channel, start), start }
  } catch (error) {
    return { kind: 'trouble', name: channel.name, problem: exchange.problemOf(error) }
  }
}
