import { pick } from '../support/random.js'
import type { Bodies } from './bodies.js'
import { type Operation, pathOf } from './operation.js'
import type { KnownChannel, World } from './world.js'

interface Surroundings {
  readonly channel: KnownChannel
  readonly world: World
  readonly bodies: Bodies
  readonly newName: string
}

/** What two rare things make together, which chance alone would seldom bring. */
export function cornerOf(random: () => number, at: Surroundings): Operation {
  return pick(random, [forkWithin, brokenBody, producerOfTheEnded, closeOf, pollOfTheEmpty])(random, at)
}

/** Within a character of a text channel, and past what one append held of a JSON one. */
function forkWithin(random: () => number, { channel, newName }: Surroundings): Operation {
  return {
    method: 'PUT',
    channel: newName,
    headers: {
      'stream-forked-from': pathOf(channel.name),
      'stream-fork-offset': { told: Math.floor(random() * 50), of: channel.name },
      'stream-fork-sub-offset': channel.kind === 'text' ? '1' : '5',
    },
  }
}

/** A retry whose body is broken, or a PUT of what is there. */
function brokenBody(random: () => number, { channel, world, bodies }: Surroundings): Operation {
  const json = world.all().filter(({ kind, isDeleted }) => kind === 'json' && !isDeleted)
  const { name, kind, contentType, madeWith, producers } = json.length > 0 ? pick(random, json) : channel
  const body = bodies.bad(kind)
  if (random() < 0.5) return { method: 'PUT', channel: name, headers: madeWith, body }
  const headers = { 'content-type': contentType, ...lastOf(producers) }
  return { method: 'POST', channel: name, headers, body }
}

/** Somebody who was overtaken, or comes again, after the end. */
function producerOfTheEnded(random: () => number, { channel, world, bodies }: Surroundings): Operation {
  const ended = world.all().filter(({ isClosed, producers }) => isClosed && producers.size > 0)
  const { name, kind, contentType, producers } = ended.length > 0 ? pick(random, ended) : channel
  const overtaken = [...producers].find(([, { epoch }]) => epoch > 0)?.[0]
  return {
    method: 'POST',
    channel: name,
    headers: {
      'content-type': contentType,
      ...lastOf(producers),
      ...(overtaken !== undefined && { 'producer-id': overtaken, 'producer-epoch': '0' }),
    },
    body: bodies.good(kind),
  }
}

/** Without a body: by a producer, also of what is deleted, or with a sequence that does not grow. */
function closeOf(random: () => number, { channel, world }: Surroundings): Operation {
  const deleted = world.all().filter(({ isDeleted }) => isDeleted)
  const close = { method: 'POST', channel: channel.name } as const
  const headers = { 'stream-closed': 'true', ...lastOf(channel.producers) }
  return pick<Operation>(random, [
    { ...close, headers },
    { ...close, headers, channel: (deleted.length > 0 ? pick(random, deleted) : channel).name },
    { ...close, headers: { 'stream-closed': 'true', 'stream-seq': 's000000' } },
  ])
}

function pollOfTheEmpty(_: () => number, { channel, world }: Surroundings): Operation {
  const empty = world.all().find((each) => each.isClosed && !each.isDeleted && each.told.length < 2)
  const held = empty ? [['live', 'long-poll'] as const] : []
  return { method: 'GET', channel: (empty ?? channel).name, query: [...held, ['offset', '-1']] }
}

function lastOf(producers: KnownChannel['producers']): Record<string, string> {
  const [id, { epoch, lastSeq }] = [...producers][0] ?? ['p1', { epoch: 0, lastSeq: 0 }]
  return { 'producer-id': id, 'producer-epoch': String(epoch), 'producer-seq': String(lastSeq) }
}
