import { createChannel, head, listChannels, read } from '@tidings/client/ways'
import { ways } from '@tidings/protocol'
import { describe, expect, test } from 'vitest'
import { get } from '../support/fork.js'
import { OwnClock } from '../support/own-clock.js'
import { RawEventStream, RawWebSocket } from '../support/raw-client.js'
import { isListening, statsOf } from '../support/stats.js'
import { startTestServer, temporaryFolder } from '../support/test-server.js'
import { hearUntil, messagesIn, onNode } from '../support/ways.js'

type Lifetime = { readonly ttl: number } | { readonly endsIn: number }

/** A channel of one message on a server whose time is the test's. */
async function mortal(lifetime: Lifetime, options: Parameters<typeof startTestServer>[0] = {}) {
  const clock = new OwnClock()
  const server = await startTestServer({ now: clock.now, ...options })
  await createChannel({ server: server.url, channel: 'cake' }, { headers: headersOf(lifetime, clock) })
  const url = `${server.url}/v1/stream/cake`
  const headers = { 'content-type': 'application/json' }
  const append = (body: string) => fetch(url, { method: 'POST', headers, body })
  await append('1')
  const reading = (query: Record<string, string>) => `${url}?${new URLSearchParams(query)}`
  const isThere = async () => (await fetch(url, { method: 'HEAD' })).status === 200
  const channel = { server: server.url, channel: 'cake' }
  return { clock, server, channel, url, reading, append, isThere }
}

function headersOf(lifetime: Lifetime, clock: OwnClock): Record<string, string> {
  if ('ttl' in lifetime) return { 'stream-ttl': String(lifetime.ttl) }
  return { 'stream-expires-at': clock.in(lifetime.endsIn) }
}

describe('a channel with a time to live', () => {
  test('ends so long after its last use, to the millisecond, and its name is free', async () => {
    const { clock, channel, isThere, url } = await mortal({ ttl: 60 })
    clock.pass(59.999)
    expect(await isThere()).toBe(true)
    clock.pass(0.001)
    expect(await get(url)).toMatchObject({ status: 404, code: 'channel-unknown' })
    expect(await createChannel(channel)).toMatchObject({ created: true })
    expect((await get(url)).text).toBe('[]')
  })

  const uses: Record<string, (subject: Awaited<ReturnType<typeof mortal>>) => Promise<unknown>> = {
    'an append': ({ append }) => append('2'),
    'a short poll': ({ url }) => fetch(url),
    'a page backwards': ({ reading }) => fetch(reading({ before: 'now', last: '1' })),
    'a long poll': ({ reading }) => fetch(reading({ offset: '-1', live: 'long-poll' })),
    'an event stream': async ({ reading }) => {
      const stream = (await RawEventStream.open(reading({ offset: '-1', live: 'sse' }))).read()
      await stream.has(/control/)
      stream.drop()
    },
    'a WebSocket': async ({ reading, server }) => {
      const raw = await RawWebSocket.open(reading({ offset: '-1', live: 'websocket' }))
      await raw.has(1)
      raw.socket.terminate()
      await statsOf(server).untilNothingIsHeld()
    },
    'a fork of it': ({ server }) =>
      createChannel({ server: server.url, channel: 'fork' }, { fork: { from: 'cake' } }),
  }
  for (const [use, make] of Object.entries(uses)) {
    test(`is put off by ${use}`, async () => {
      const subject = await mortal({ ttl: 60 })
      subject.clock.pass(50)
      await make(subject)
      await statsOf(subject.server).untilNothingIsHeld()
      subject.clock.pass(50)
      expect(await subject.isThere()).toBe(true)
      subject.clock.pass(10)
      expect(await subject.isThere()).toBe(false)
    })
  }

  test('is not put off by looking at it: HEAD, the list, and a PUT that finds it', async () => {
    const { clock, channel, server, isThere } = await mortal({ ttl: 60 })
    clock.pass(50)
    await head(channel)
    expect((await listChannels(server.url)).channels).toHaveLength(1)
    expect(await createChannel(channel, { headers: { 'stream-ttl': '60' } })).toMatchObject({
      created: false,
    })
    clock.pass(10)
    expect((await listChannels(server.url)).channels).toHaveLength(0)
    expect(await isThere()).toBe(false)
  })

  for (const way of ['long-poll', 'sse', 'websocket'] as const) {
    test(`does not end while somebody listens over ${way}, however long nothing comes`, async () => {
      const { clock, server, channel, append, isThere } = await mortal({ ttl: 60 })
      const heard = hearUntil(channel, { way }, (batches) => messagesIn(batches).length === 2)
      await statsOf(server).until(isListening[way])
      for (let hour = 0; hour < 24; hour++) {
        clock.pass(3600)
        expect(await isThere()).toBe(true)
      }
      await append('2')
      expect(messagesIn(await heard)).toEqual(['1', '2'])
      await statsOf(server).untilNothingIsHeld()
      clock.pass(59)
      expect(await isThere()).toBe(true)
      clock.pass(1)
      expect(await isThere()).toBe(false)
    })
  }

  test('of no seconds is over as soon as it is made', async () => {
    const { isThere } = await mortal({ ttl: 0 })
    expect(await isThere()).toBe(false)
  })
})

describe('a channel with a fixed end', () => {
  test('ends then, whoever uses it', async () => {
    const { clock, append, isThere, url } = await mortal({ endsIn: 60 })
    for (let passed = 0; passed < 50; passed += 10) {
      clock.pass(10)
      expect((await append('2')).status).toBe(204)
      expect((await fetch(url)).status).toBe(200)
    }
    clock.pass(10)
    expect((await append('3')).status).toBe(404)
    expect(await isThere()).toBe(false)
  })

  for (const way of ways) {
    test(`tells who listens over ${way} that it is gone`, async () => {
      const { clock, server, channel } = await mortal({ endsIn: 60 })
      const heard: unknown[] = []
      const hearing = (async () => {
        for await (const batch of read(channel, { way, intervalMs: 10, ...onNode }))
          heard.push(...batch.messages)
      })()
      hearing.catch(() => {})
      await statsOf(server).until(isListening[way])
      // It listens a moment before it has heard what was there.
      while (heard.length === 0) await new Promise(setImmediate)
      clock.pass(60)
      await expect(hearing).rejects.toMatchObject({ code: 'channel-unknown' })
      expect(heard).toEqual([1])
      await statsOf(server).untilNothingIsHeld()
    })
  }

  test('ends an event stream, closes a plain WebSocket, answers a held poll and tells tidings.v1, unasked', async () => {
    const { clock, server, reading } = await mortal({ endsIn: 60 })
    const stream = (await RawEventStream.open(reading({ offset: 'now', live: 'sse' }))).read()
    const plain = await RawWebSocket.open(reading({ live: 'websocket' }))
    const envelopes = await RawWebSocket.open(reading({ live: 'websocket' }), 'tidings.v1')
    const held = get(reading({ offset: 'now', live: 'long-poll' }))
    await statsOf(server).until(({ listeners }) => listeners === 4)
    clock.pass(60)
    await stream.ended
    expect(stream.text).not.toContain('streamClosed')
    expect(await plain.closed).toEqual({ code: 1008, reason: 'channel-unknown' })
    expect(await envelopes.envelope('deleted')).toMatchObject({ channel: 'cake' })
    expect(await held).toMatchObject({ status: 404, code: 'channel-unknown' })
  })

  test('is taken at whatever zone it is written in', async () => {
    const clock = new OwnClock()
    const server = await startTestServer({ now: clock.now })
    const address = { server: server.url, channel: 'cake' }
    const make = (expiresAt: string) =>
      createChannel(address, { headers: { 'stream-expires-at': expiresAt } })
    expect(await make('2030-01-01T02:00:30+02:00')).toMatchObject({ created: true })
    expect(await make('2030-01-01T00:00:30.000Z')).toMatchObject({ created: false })
    expect(await make('2029-12-31T19:00:30-05:00')).toMatchObject({ created: false })
    await expect(make('2030-01-01T00:00:31Z')).rejects.toMatchObject({ code: 'channel-exists' })
    clock.pass(29)
    await head(address)
    clock.pass(1)
    await expect(head(address)).rejects.toMatchObject({ code: 'channel-unknown' })
  })
})

describe('a restart on a disk', () => {
  test('starts a time to live anew, and ends what ended meanwhile', async () => {
    const clock = new OwnClock()
    const options = { engine: 'disk', data: await temporaryFolder(), now: clock.now } as const
    const first = await startTestServer(options)
    const lifetimes: Record<string, Lifetime> = {
      sliding: { ttl: 60 },
      late: { endsIn: 100 },
      early: { endsIn: 70 },
    }
    for (const [channel, lifetime] of Object.entries(lifetimes)) {
      await createChannel({ server: first.url, channel }, { headers: headersOf(lifetime, clock) })
    }
    clock.pass(50)
    await first.close()
    clock.pass(30)
    const server = await startTestServer(options)
    const names = async () => (await listChannels(server.url)).channels.map(({ name }) => name)
    expect(await names()).toEqual(['late', 'sliding'])
    expect(await createChannel({ server: server.url, channel: 'early' })).toMatchObject({ created: true })
    clock.pass(20)
    expect(await names()).toEqual(['early', 'sliding'])
    clock.pass(40)
    expect(await names()).toEqual(['early'])
  })
})

describe('the lifetime of a fork', () => {
  const cases: [string, Lifetime | undefined, Lifetime | undefined, Lifetime | undefined][] = [
    ['none of none', undefined, undefined, undefined],
    ['its own, where the source has none', undefined, { ttl: 10 }, { ttl: 10 }],
    ["its source's time to live", { ttl: 20 }, undefined, { ttl: 20 }],
    ["its own time to live, not its source's", { ttl: 20 }, { ttl: 10 }, { ttl: 10 }],
    ["its own end, not its source's time to live", { ttl: 20 }, { endsIn: 30 }, { endsIn: 30 }],
    ["its source's end", { endsIn: 20 }, undefined, { endsIn: 20 }],
    ["its own time to live, not its source's end", { endsIn: 20 }, { ttl: 30 }, { ttl: 30 }],
    ["its own end, after its source's", { endsIn: 20 }, { endsIn: 30 }, { endsIn: 30 }],
  ]
  test.each(cases)('is %s', async (_, own, asked, expected) => {
    const clock = new OwnClock()
    const server = await startTestServer({ now: clock.now })
    const source = { server: server.url, channel: 'cake' }
    await createChannel(source, own ? { headers: headersOf(own, clock) } : {})
    const headers = asked ? headersOf(asked, clock) : {}
    const fork = { server: server.url, channel: 'fork' }
    await createChannel(fork, { fork: { from: 'cake' }, headers })
    const answer = await fetch(`${server.url}/v1/stream/fork`, { method: 'HEAD' })
    const told = [answer.headers.get('stream-ttl'), answer.headers.get('stream-expires-at')]
    const wanted = expected ? headersOf(expected, clock) : {}
    expect(told).toEqual([wanted['stream-ttl'] ?? null, wanted['stream-expires-at'] ?? null])
    // The same PUT again, also with what it has from its source.
    for (const again of [headers, wanted]) {
      expect(await createChannel(fork, { fork: { from: 'cake' }, headers: again })).toMatchObject({
        created: false,
      })
    }
  })

  test('goes on when its source has ended; when it ends too, both names are free', async () => {
    const { clock, server, append, url } = await mortal({ ttl: 20 })
    await append('2')
    const fork = `${server.url}/v1/stream/fork`
    await createChannel({ server: server.url, channel: 'fork' }, { fork: { from: 'cake' } })
    for (let passed = 0; passed < 60; passed += 15) {
      clock.pass(15)
      expect((await get(fork)).text).toBe('[1,2]')
    }
    expect(await get(url)).toMatchObject({ status: 410, code: 'channel-deleted' })
    clock.pass(20)
    expect((await get(fork)).status).toBe(404)
    expect((await get(url)).status).toBe(404)
  })
})
