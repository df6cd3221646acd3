import { closeChannel } from '@tidings/client/ways'
import { ways } from '@tidings/protocol'
import { describe, expect, test } from 'vitest'
import { createTestChannel, type TestChannel } from '../support/channel.js'
import { forkOf, get } from '../support/fork.js'
import { OwnClock } from '../support/own-clock.js'
import { RawEventStream, RawWebSocket } from '../support/raw-client.js'
import { isListening, statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { hearAll, hearUntil, messagesIn } from '../support/ways.js'

/** A channel to which a message was published each minute: 0 at once, 1 a minute later, and so on. */
async function minutely(count: number, contentType = 'application/json') {
  const clock = new OwnClock()
  const server = await startTestServer({ now: clock.now })
  const channel = await createTestChannel(server, { contentType })
  const offsets: string[] = []
  const times: string[] = []
  for (let minute = 0; minute < count; minute++) {
    times.push(clock.in(0))
    offsets.push(await channel.publish(contentType === 'application/json' ? minute : `${minute};`))
    clock.pass(60)
  }
  return { server, clock, channel, offsets, times }
}

async function heard(
  channel: TestChannel,
  way: (typeof ways)[number],
  start: { last: number } | { since: Date | string },
) {
  return messagesIn(await hearAll(channel, { way, ...start }))
}

for (const way of ways) {
  describe(`over ${way}`, () => {
    test('last=n begins with the last n messages, and goes on', async () => {
      const { channel } = await minutely(5)
      await closeChannel(channel)
      expect(await heard(channel, way, { last: 2 })).toEqual(['3', '4'])
      expect(await heard(channel, way, { last: 5 })).toEqual(['0', '1', '2', '3', '4'])
      expect(await heard(channel, way, { last: 9_999 })).toEqual(['0', '1', '2', '3', '4'])
      expect(await heard(channel, way, { last: 0 })).toEqual([])
    })

    test('last=0 is the tail: only what comes is heard', async () => {
      const { server, channel } = await minutely(3)
      const hearing = hearUntil(channel, { way, last: 0 }, (batches) => messagesIn(batches).length > 0)
      await statsOf(server).until(isListening[way])
      await channel.publish('new')
      expect(messagesIn(await hearing)).toEqual(['"new"'])
    })

    test('since=time begins with what was kept then or later', async () => {
      const { channel, times, clock } = await minutely(4)
      await closeChannel(channel)
      expect(await heard(channel, way, { since: times[2] as string })).toEqual(['2', '3'])
      expect(await heard(channel, way, { since: new Date(Date.parse(times[2] as string) + 1) })).toEqual([
        '3',
      ])
      expect(await heard(channel, way, { since: '1970-01-01T00:00:00Z' })).toEqual(['0', '1', '2', '3'])
      expect(await heard(channel, way, { since: clock.in(3600) })).toEqual([])
    })

    test('a fork joins in the middle of what it inherits', async () => {
      const { channel, times, clock } = await minutely(3)
      const fork = await forkOf(channel, 'fork')
      await channel.publish('later')
      await fork.publish('own')
      clock.pass(60)
      await fork.publish('own too')
      await closeChannel(fork)
      expect(await heard(fork, way, { last: 3 })).toEqual(['2', '"own"', '"own too"'])
      expect(await heard(fork, way, { since: times[1] as string })).toEqual(['1', '2', '"own"', '"own too"'])
    })
  })
}

describe('last, in channels that do not count messages', () => {
  test.each(['text/plain', 'application/octet-stream'])(
    'counts the appends of %s, also many and small ones',
    async (contentType) => {
      const server = await startTestServer()
      const channel = await createTestChannel(server, { contentType })
      const headers = { 'content-type': contentType }
      for (let index = 0; index < 300; index++) {
        await fetch(channel.url, { method: 'POST', headers, body: `${index};` })
      }
      expect((await get(channel.reading({ last: '3' }))).text).toBe('297;298;299;')
      expect((await get(channel.reading({ last: '250' }))).text.startsWith('50;51;')).toBe(true)
      expect((await get(channel.reading({ last: '10000' }))).text.startsWith('0;1;')).toBe(true)
    },
  )

  test('finds its way past messages that are larger than what it looks at once', async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server, { contentType: 'text/plain' })
    for (const letter of 'abcd') await channel.publish(letter.repeat(400_000))
    const { text } = await get(channel.reading({ last: '2' }))
    expect(text).toBe('c'.repeat(400_000) + 'd'.repeat(400_000))
  })
})

test('since, where many batches were kept in one millisecond, begins with the first of them', async () => {
  const clock = new OwnClock()
  const channel = await createTestChannel(await startTestServer({ now: clock.now }))
  await channel.publish('before')
  clock.pass(1)
  const since = clock.in(0)
  for (let index = 0; index < 20; index++) await channel.publish(index)
  clock.pass(1)
  await channel.publish('after')
  const heard = JSON.parse((await get(channel.reading({ since }))).text) as unknown[]
  expect(heard).toEqual([...Array.from({ length: 20 }, (_, index) => index), 'after'])
})

describe('before=offset&last=n', () => {
  /** Pages from the tail to the beginning, as a chat asks for them. */
  async function pagesOf(channel: TestChannel, last: number): Promise<string[]> {
    const pages: string[] = []
    let before = 'now'
    for (;;) {
      const page = await get(channel.reading({ before, last: String(last) }))
      expect(page.status).toBe(200)
      const start = page.headers.get('stream-start-offset') as string
      if (start === page.headers.get('stream-next-offset')) return pages
      pages.push(page.text)
      // What the page holds is what a read from its start begins with.
      expect(start < (page.headers.get('stream-next-offset') as string)).toBe(true)
      before = start
    }
  }

  test('pages through a JSON channel backwards, each message once', async () => {
    const { channel } = await minutely(5)
    expect(await pagesOf(channel, 2)).toEqual(['[3,4]', '[1,2]', '[0]'])
    expect(await pagesOf(channel, 100)).toEqual(['[0,1,2,3,4]'])
  })

  test('pages through a text channel by its appends, and through a fork past its fork point', async () => {
    const { channel, offsets } = await minutely(3, 'text/plain')
    const fork = await forkOf(channel, 'fork', { offset: offsets[1] as string, subOffset: 1 })
    await fork.publish('own;')
    expect(await pagesOf(channel, 2)).toEqual(['1;2;', '0;'])
    expect(await pagesOf(fork, 2)).toEqual(['2own;', '0;1;'])
    expect(await pagesOf(fork, 3)).toEqual(['1;2own;', '0;'])
  })

  test('before the beginning there is nothing, and last=0 is nothing', async () => {
    const { channel, offsets } = await minutely(2)
    for (const query of [
      { before: '-1', last: '5' },
      { before: '0000000000000000_0000000000000000', last: '5' },
      { before: offsets[1] as string, last: '0' },
    ]) {
      const page = await get(channel.reading(query))
      expect(page.text).toBe('[]')
      expect(page.headers.get('stream-start-offset')).toBe(page.headers.get('stream-next-offset'))
    }
  })

  test('a page is at most a mebibyte, unless one message is larger, and says where it starts', async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server, { contentType: 'text/plain' })
    for (const letter of 'abcd') await channel.publish(letter.repeat(400_000))
    const page = await get(channel.reading({ before: 'now', last: '4' }))
    expect(page.text).toBe('c'.repeat(400_000) + 'd'.repeat(400_000))
    const rest = await get(
      channel.reading({ before: page.headers.get('stream-start-offset') ?? '', last: '4' }),
    )
    expect(rest.text).toBe('a'.repeat(400_000) + 'b'.repeat(400_000))
    await channel.publish('e'.repeat(2 << 20))
    expect((await get(channel.reading({ before: 'now', last: '2' }))).text).toBe('e'.repeat(2 << 20))
  })

  test('a page before an offset may be cached, one before now may not', async () => {
    const { channel, offsets } = await minutely(2)
    const cacheControl = async (before: string) =>
      (await get(channel.reading({ before, last: '1' }))).headers.get('cache-control')
    expect(await cacheControl(offsets[1] as string)).toMatch(/^public, max-age=60/)
    expect(await cacheControl('now')).toBe('no-store')
    expect(await cacheControl('-1')).toBe('no-store')
  })
})

test.each<Record<string, string>>([{ last: '1' }, { since: '2030-01-01T00:00:00Z' }])(
  'what %j brings over HTTP is not cached: it is another answer tomorrow',
  async (query) => {
    const { channel } = await minutely(2)
    for (const live of [{}, { live: 'long-poll' }] as Record<string, string>[]) {
      const { headers } = await get(channel.reading({ ...query, ...live }))
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('etag')).toBeNull()
    }
  },
)

describe('a subscription', () => {
  test('joins at last or since, beside others on its socket', async () => {
    const { server, times } = await minutely(4)
    const socket = await RawWebSocket.open(`${server.url}/v1/socket`, 'tidings.v1')
    socket.send({ type: 'subscribe', channel: 'cake', last: 2 })
    expect(await socket.envelope('data')).toMatchObject({ messages: [2] })
    const other = await RawWebSocket.open(`${server.url}/v1/socket`, 'tidings.v1')
    other.send({ type: 'subscribe', channel: 'cake', since: times[3] })
    expect(await other.envelope('data')).toMatchObject({ messages: [3], upToDate: true })
  })

  test('of last=0 is at the tail and told so', async () => {
    const { server, offsets } = await minutely(2)
    const socket = await RawWebSocket.open(`${server.url}/v1/socket`, 'tidings.v1')
    socket.send({ type: 'subscribe', channel: 'cake', last: 0 })
    expect(await socket.envelope('data')).toMatchObject({
      messages: [],
      nextOffset: offsets[1],
      upToDate: true,
    })
  })

  test('that is given up before its start is found is over', async () => {
    const { server } = await minutely(2, 'text/plain')
    const socket = await RawWebSocket.open(`${server.url}/v1/socket`, 'tidings.v1')
    socket.send({ type: 'subscribe', channel: 'cake', last: 1 })
    socket.send({ type: 'unsubscribe', channel: 'cake' })
    socket.send({ type: 'ping' })
    await socket.envelope('pong')
    expect(socket.messages.filter((text) => text.includes('"data"')).length).toBeLessThanOrEqual(1)
    expect(socket.messages.at(-1)).toContain('pong')
  })

  test('with more than one start, or one that is none, is refused, and its socket goes on', async () => {
    const { server, offsets } = await minutely(1)
    for (const [start, code] of [
      [{ last: 1, since: '2030-01-01T00:00:00Z' }, 'start-ambiguous'],
      [{ last: 1, offset: offsets[0] }, 'start-ambiguous'],
      [{ last: -1 }, 'offset-malformed'],
      [{ last: 1.5 }, 'offset-malformed'],
      [{ last: 10_001 }, 'offset-malformed'],
      [{ last: '1' }, 'envelope-invalid'],
      [{ since: 5 }, 'envelope-invalid'],
      [{ since: 'yesterday' }, 'offset-malformed'],
    ] as const) {
      const socket = await RawWebSocket.open(`${server.url}/v1/socket`, 'tidings.v1')
      socket.send({ type: 'subscribe', channel: 'cake', ...start })
      expect(await socket.envelope('error')).toMatchObject({ code, channel: 'cake' })
      socket.send({ type: 'ping' })
      await socket.envelope('pong')
    }
  })
})

test.each([
  ['last=-1', 'offset-malformed'],
  ['last=', 'offset-malformed'],
  ['last=1.5', 'offset-malformed'],
  ['last=10001', 'offset-malformed'],
  ['last=%2B1', 'offset-malformed'],
  ['last=1&last=2', 'offset-malformed'],
  ['last=1&offset=-1', 'start-ambiguous'],
  ['last=1&since=2030-01-01T00:00:00Z', 'start-ambiguous'],
  ['since=2030-01-01T00:00:00Z&offset=now', 'start-ambiguous'],
  ['since=yesterday', 'offset-malformed'],
  ['since=2030-02-30T00:00:00Z', 'offset-malformed'],
  ['since=2030-01-01T00:00:00+01:00', 'offset-malformed'],
  ['since=1893456000', 'offset-malformed'],
  ['before=now', 'start-ambiguous'],
  ['before=now&since=2030-01-01T00:00:00Z', 'start-ambiguous'],
  ['before=now&last=1&offset=-1', 'start-ambiguous'],
  ['before=now&last=1&live=sse', 'start-ambiguous'],
  ['before=tomorrow&last=1', 'offset-malformed'],
  ['before=now&last=x', 'offset-malformed'],
])('%s is no place to start: 400', async (query, code) => {
  const { channel } = await minutely(1)
  const live = query.includes('before') ? [''] : ['', '&live=long-poll', '&live=sse']
  for (const way of live)
    expect(await get(`${channel.url}?${query}${way}`)).toMatchObject({ status: 400, code })
})

test('before an offset that was not given out there is no page: 410', async () => {
  const { channel, offsets } = await minutely(2, 'text/plain')
  const [history] = (offsets[0] as string).split('_')
  for (const before of [
    `${history}_0000000000000001`,
    `${history}_0000000000000009`,
    '0000000000000001_0000000000000002',
  ]) {
    expect(await get(channel.reading({ before, last: '1' }))).toMatchObject({
      status: 410,
      code: 'history-changed',
    })
  }
})

test('a zone with a plus sign, percent-encoded, is a time', async () => {
  const { channel } = await minutely(3)
  expect((await get(channel.reading({ since: '2030-01-01T01:02:00+01:00' }))).text).toBe('[2]')
})

test('an EventSource that comes back goes on after its last event, whatever its URL says', async () => {
  const { channel, offsets } = await minutely(4)
  for (const query of [{ last: '1' }, { since: '2030-01-01T00:00:00Z' }] as Record<string, string>[]) {
    const url = channel.reading({ ...query, live: 'sse' })
    const stream = (await RawEventStream.open(url, { 'last-event-id': offsets[1] as string })).read()
    await stream.has(/data:\[3\]/)
    expect(stream.text).toContain('data:[2]')
    expect(stream.text).not.toContain('data:[1]')
    stream.drop()
  }
})
