import { pick } from '../support/random.js'
import { Bodies } from './bodies.js'
import { cornerOf } from './corners.js'
import { type Operation, pathOf, type Value } from './operation.js'
import { readOf } from './reads.js'
import type { KnownChannel, World } from './world.js'

const kinds = {
  json: ['application/json', 'application/json', 'application/json; charset=utf-8', 'Application/JSON'],
  text: ['text/plain', 'text/plain; charset=utf-8', 'text/markdown'],
  binary: ['application/octet-stream', 'image/png', 'application/x-ndjson', 'application/vnd.cake+json'],
}
const badContentTypes = ['nonsense', 'text', '/', 'text/', '']
const badSeconds = ['+5', '05', '1.5', '-1', '1e3', 'abc', '', ' ', '99999999999999999999', '0', '0']
const goodTimes = ['2099-01-31T12:00:00Z', '2099-01-31T12:00:00.250+02:00', '2098-12-31T23:59:59.5Z']
const badTimes = [
  'soon',
  '2001-01-01T00:00:00Z',
  '2001-01-01T00:00:00Z',
  '2099-13-01T00:00:00Z',
  'Sat, 31 Jan 2099 12:00:00 GMT',
  '2099-01-31',
  '',
]
/** Only `true`, in any case, closes. */
const closedValues = ['true', 'true', 'true', 'TRUE', 'True', 'false', 'yes', '1', '']

/** How many families of channels there are at once. */
const familyCount = 14

/** Makes one operation after the other, mostly sensible ones, from one seed and what both servers have told. */
export class Generator {
  readonly #random: () => number
  readonly #world: World
  readonly #bodies: Bodies
  #names = 0

  constructor(random: () => number, world: World) {
    this.#random = random
    this.#world = world
    this.#bodies = new Bodies(random)
  }

  next(): Operation {
    const random = this.#random
    const channels = this.#world.all()
    if (this.#world.liveFamilies < familyCount || this.#chance(0.01)) return this.#create(this.#newName())
    const live = channels.filter(({ isDeleted }) => !isDeleted)
    const channel = pick(random, this.#chance(0.1) || live.length === 0 ? channels : live)
    // Large answers are slow: a few of them say it all.
    if (channel.isLarge && this.#chance(0.3)) return { method: 'DELETE', channel: channel.name }
    const turn = random()
    if (turn < 0.02) {
      return cornerOf(random, {
        channel,
        world: this.#world,
        bodies: this.#bodies,
        newName: this.#newName(),
      })
    }
    if (turn < 0.03) return this.#create(channel.name, channel)
    if (turn < 0.1) return this.#fork(channel)
    if (turn < 0.5) return this.#append(channel)
    if (turn < 0.53) return this.#pollThatIsEnded(channel)
    if (turn < 0.9) return readOf(random, channel, pick(random, channels))
    if (turn < 0.97) return { method: 'HEAD', channel: channel.name }
    return {
      method: 'DELETE',
      channel: channel.isClosed || this.#chance(0.4) ? channel.name : this.#newName(),
    }
  }

  #chance(share: number): boolean {
    return this.#random() < share
  }

  #newName(): string {
    return `c${this.#names++}`
  }

  #create(name: string, known?: KnownChannel): Operation {
    const random = this.#random
    if (known && !known.isDeleted && this.#chance(0.5)) {
      return {
        method: 'PUT',
        channel: name,
        headers: { ...known.madeWith, ...(this.#chance(0.3) && this.#lifetime()) },
      }
    }
    const kind = pick(random, ['json', 'json', 'text', 'binary'] as const)
    const contentType = this.#chance(0.03) ? pick(random, badContentTypes) : pick(random, kinds[kind])
    const body = this.#chance(0.5)
      ? undefined
      : this.#chance(0.1)
        ? this.#bodies.bad(kind)
        : this.#bodies.good(kind)
    return {
      method: 'PUT',
      channel: name,
      headers: {
        ...(this.#chance(0.9) && { 'content-type': contentType }),
        ...(this.#chance(0.2) && this.#lifetime()),
        ...(this.#chance(0.15) && { 'stream-closed': pick(random, closedValues) }),
      },
      ...(body !== undefined && { body }),
    }
  }

  #lifetime(): Record<string, string> {
    const random = this.#random
    return pick<Record<string, string>>(random, [
      { 'stream-ttl': pick(random, ['3600', '86400']) },
      { 'stream-expires-at': pick(random, goodTimes) },
      this.#chance(0.5)
        ? { 'stream-ttl': pick(random, badSeconds) }
        : { 'stream-expires-at': pick(random, badTimes) },
      { 'stream-ttl': '3600', 'stream-expires-at': pick(random, goodTimes) },
    ])
  }

  #fork(source: KnownChannel): Operation {
    const random = this.#random
    const again = this.#chance(0.25) ? this.#forkAgain(source) : undefined
    if (again) return again
    const siblings = this.#world.all().filter((each) => each.family === source.family)
    const name = this.#chance(0.2) ? pick(random, siblings).name : this.#newName()
    const from = this.#chance(0.05) ? pathOf(this.#newName()) : pathOf(source.name)
    const point = this.#chance(0.4) ? undefined : this.#placeOf(source)
    const hasSubOffset = this.#chance(0.3)
    const contentType = this.#chance(0.1) ? 'text/html' : source.contentType
    return {
      method: 'PUT',
      channel: name,
      headers: {
        'stream-forked-from': from,
        ...(point !== undefined && { 'stream-fork-offset': point }),
        ...(hasSubOffset && {
          'stream-fork-sub-offset': pick(random, ['0', '1', '1', '2', '3', '5', '-1', 'x', '01']),
        }),
        ...(this.#chance(0.5) && { 'content-type': contentType }),
        ...(this.#chance(0.1) && this.#lifetime()),
        ...(this.#chance(0.1) && { 'stream-closed': pick(random, closedValues) }),
      },
      ...(this.#chance(0.2) && { body: this.#bodies.good(source.kind) }),
    }
  }

  /** The PUT of a fork that is there, maybe with something left out. */
  #forkAgain(source: KnownChannel): Operation | undefined {
    const random = this.#random
    const forks = this.#world
      .all()
      .filter((each) => each.madeWith['stream-forked-from'] === pathOf(source.name) && !each.isDeleted)
    if (forks.length === 0) return undefined
    const { name, madeWith } = pick(random, forks)
    const { [pick(random, Object.keys(madeWith))]: _, ...others } = madeWith
    const headers = { ...(this.#chance(0.5) ? others : madeWith), 'stream-forked-from': pathOf(source.name) }
    return { method: 'PUT', channel: name, headers }
  }

  #placeOf(source: KnownChannel): Value {
    const random = this.#random
    if (this.#chance(0.1))
      return pick(random, [
        '-1',
        'now',
        'x',
        '1_2',
        '0000000000000000_0000000000000000',
        '9999999999999999_9999999999999999',
      ])
    if (this.#chance(0.05))
      return { told: Math.floor(random() * 50), of: pick(random, this.#world.all()).name }
    return { told: Math.floor(random() * 50), of: source.name }
  }

  #append(channel: KnownChannel): Operation {
    const random = this.#random
    if (this.#chance(0.002)) {
      channel.isLarge = true
      return this.#post(channel, this.#bodies.large(channel.kind), {})
    }
    const isBad = this.#chance(0.06)
    const closes = this.#chance(channel.isClosed || channel.isDeleted ? 0.2 : 0.03)
    const body =
      closes && this.#chance(0.5)
        ? ''
        : isBad
          ? this.#bodies.bad(channel.kind)
          : this.#bodies.good(channel.kind)
    return this.#post(channel, body, {
      ...(this.#chance(channel.producers.size > 0 && (channel.isClosed || channel.isDeleted) ? 0.6 : 0.25) &&
        this.#producer(channel)),
      ...(this.#chance(closes ? 0.5 : 0.1) && this.#sequence(channel)),
      ...(closes && { 'stream-closed': pick(random, closedValues) }),
    })
  }

  #post(channel: KnownChannel, body: string, headers: Record<string, string>): Operation {
    const random = this.#random
    const mismatching = [
      ...badContentTypes,
      'text/html',
      'application/json',
      `${channel.contentType};v=2`,
      channel.contentType.toUpperCase(),
    ]
    const contentType = this.#chance(0.05) ? pick(random, mismatching) : channel.contentType
    return {
      method: 'POST',
      channel: channel.name,
      headers: { ...(this.#chance(0.98) && { 'content-type': contentType }), ...headers },
      ...(body !== '' && { body }),
    }
  }

  /** The next append of a producer, or one that is not. */
  #producer(channel: KnownChannel): Record<string, string> {
    const random = this.#random
    const id = pick(random, ['p1', 'p2', 'long name'])
    const { epoch, lastSeq } = channel.producers.get(id) ?? { epoch: 0, lastSeq: -1 }
    const [nextEpoch, nextSeq] = pick(random, [
      [epoch, lastSeq + 1],
      [epoch, lastSeq + 1],
      [epoch, lastSeq + 1],
      [epoch, Math.max(0, lastSeq)],
      [epoch, Math.max(0, lastSeq - 1)],
      [epoch, lastSeq + 3],
      [epoch + 1, 0],
      [epoch + 1, 2],
      [Math.max(0, epoch - 1), 0],
    ] as const)
    const headers: Record<string, string> = {
      'producer-id': id,
      'producer-epoch': String(nextEpoch),
      'producer-seq': String(nextSeq),
    }
    if (!this.#chance(0.08)) return headers
    const name = pick(random, Object.keys(headers))
    const { [name]: _, ...others } = headers
    if (this.#chance(0.4)) return others
    return { ...headers, [name]: pick(random, ['', '1.5', '-1', 'x', '9007199254740992', '1e3', '00']) }
  }

  #sequence(channel: KnownChannel): Record<string, string> {
    const random = this.#random
    const next = `s${String(++channel.sequence).padStart(6, '0')}`
    return {
      'stream-seq': this.#chance(0.7) ? next : pick(random, ['', 's000000', 's000001', 's000002', 'Z', 'zz']),
    }
  }

  /** A poll at the tail, and an append that ends it: whichever comes first, the answer is the same. */
  #pollThatIsEnded(channel: KnownChannel): Operation {
    const { tail } = channel
    if (channel.isDeleted || channel.isClosed || !tail) return this.#append(channel)
    const closes = this.#chance(0.2)
    return {
      method: 'GET',
      channel: channel.name,
      query: [
        ['live', 'long-poll'],
        ['offset', { told: channel.told.indexOf(tail), of: channel.name }],
      ],
      meanwhile: {
        method: 'POST',
        channel: channel.name,
        headers: { 'content-type': channel.contentType, ...(closes && { 'stream-closed': 'true' }) },
        body: closes && this.#chance(0.5) ? '' : this.#bodies.good(channel.kind),
      },
    }
  }
}
