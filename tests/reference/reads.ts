import { pick } from '../support/random.js'
import type { Operation, Value } from './operation.js'
import type { KnownChannel } from './world.js'

const badOffsets = [
  '',
  'abc',
  '-2',
  '0',
  '1_2',
  '0000000000000000_',
  '0000000000000000_0000000000000000x',
  '0000000000000000_0000000000000000',
  '9999999999999999_9999999999999999',
  'NOW',
  '0000000000000000-0000000000000000',
  '../etc',
]
const badModes = ['yes', 'true', '', 'SSE', 'longpoll']

/** A read whose answer does not depend on time. @param other some channel, maybe the same */
export function readOf(random: () => number, channel: KnownChannel, other: KnownChannel): Operation {
  const way = random()
  const { name } = channel
  const read = { method: 'GET', channel: name } as const
  if (way < 0.55) return shortPoll(random, channel, other)
  if (way < 0.75)
    return {
      ...read,
      query: [
        ['offset', placeOf(random, channel, other)],
        ['live', 'sse'],
      ],
    }
  if (way < 0.95) return longPoll(random, channel, other)
  return { ...read, query: [['live', pick(random, [...badModes, 'sse', 'long-poll'])]] }
}

function shortPoll(random: () => number, channel: KnownChannel, other: KnownChannel): Operation {
  const read = { method: 'GET', channel: channel.name } as const
  const tags = channel.tags.length
  if (tags > 0 && random() < 0.2) {
    const tag = Math.floor(random() * tags)
    const isOther = random() < 0.2
    return {
      ...read,
      query: channel.tags[tag]?.query ?? [],
      headers: { 'if-none-match': isOther ? pick(random, ['"x"', 'W/"x"', 'x']) : { tag, of: channel.name } },
    }
  }
  if (random() < 0.1) return read
  const place = placeOf(random, channel, other)
  const twice = random() < 0.01
  return { ...read, query: [['offset', place], ...(twice ? [['offset', '-1'] as const] : [])] }
}

/** Held polls take time, so it asks where the answer comes at once: behind the tail, or of what is closed. */
function longPoll(random: () => number, channel: KnownChannel, other: KnownChannel): Operation {
  const isEnded = channel.isClosed || channel.isDeleted
  const early = channel.told.indexOf(earliestOf(channel) as never)
  const hasMore = early >= 0 && earliestOf(channel)?.here !== channel.tail?.here
  if (!isEnded && !hasMore) return shortPoll(random, channel, other)
  const place = isEnded ? placeOf(random, channel, other) : { told: early, of: channel.name }
  return {
    method: 'GET',
    channel: channel.name,
    query: [
      ['live', 'long-poll'],
      ['offset', place],
    ],
  }
}

function earliestOf({ told }: KnownChannel) {
  return told.reduce((first, each) => (first === undefined || each.here < first.here ? each : first), told[0])
}

function placeOf(random: () => number, channel: KnownChannel, other: KnownChannel): Value {
  const told = Math.floor(random() * 50)
  const turn = random()
  if (turn < 0.12) return '-1'
  if (turn < 0.2) return 'now'
  if (turn < 0.24) return pick(random, badOffsets)
  if (turn < 0.26) return { told, of: other.name }
  if (turn < 0.3 && channel.stale.length > 0) return { told, of: channel.name, stale: true }
  return { told, of: channel.name }
}
