import { createChannel, postPublisher } from '@tidings/client/ways'
import type { SpokenMessage, Way } from '@tidings/protocol'
import { startServer } from 'tidings'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { startRelay } from '../../../../tests/support/relay.js'
import type { Observation } from '../record/types.js'
import type { LaneSettings } from '../workload/lane-settings.js'
import type { Browser } from './browser.js'
import { openLane } from './index.js'
import type { LabMessage } from './lab-message.js'
import { type LanePlace, NotSaid } from './lane.js'

// An EventSource is a browser's: sse.test.ts plays one, and a test in a real browser has one.
const waysOfNode = ['short-poll', 'long-poll', 'websocket'] as const
const polls = ['short-poll', 'long-poll'] as const
const channel = 'lab/cake'
const settings: LaneSettings = { pollIntervalMs: 20, holdSeconds: 5, isKeptAlive: true }

async function openWorld() {
  const server = await startServer({ engine: 'memory', port: 0 })
  onTestFinished(() => server.close())
  await createChannel({ server: server.url, channel }, { contentType: 'application/json' })
  const relay = await startRelay(server.url)
  const publisher = postPublisher({ server: server.url, channel }, { contentType: 'application/json' })
  let published = 0
  const requests: { url: URL; headers: Headers; status?: number }[] = []
  const browser: Browser = {
    fetch: async (input, init) => {
      const request: (typeof requests)[number] = {
        url: new URL(String(input)),
        headers: new Headers(init?.headers),
      }
      requests.push(request)
      const response = await fetch(input, init)
      request.status = response.status
      return response
    },
    EventSource: class {
      constructor() {
        throw new Error('Node has no EventSource')
      }
    } as unknown as Browser['EventSource'],
    WebSocket,
    origin: relay.url,
    now: () => performance.timeOrigin + performance.now(),
    // Short waits, so that a test need not wait for them.
    random: () => 0.05,
  }
  return {
    server,
    relay,
    browser,
    requests,
    publish: async (count: number) => {
      const messages = Array.from({ length: count }, () => {
        published += 1
        return { n: published, atMs: Date.now(), text: `slice ${published} 🍰` }
      })
      await publisher.publish(messages)
    },
  }
}

type World = Awaited<ReturnType<typeof openWorld>>

function open(way: Way, world: World, given: { place?: LanePlace; settings?: LaneSettings } = {}) {
  const heard: LabMessage[] = []
  const payloadBytes: number[] = []
  const observations: Observation[] = []
  let lastAsk = 0
  const lane = openLane[way]({
    browser: world.browser,
    channel,
    place: given.place ?? { offset: '-1' },
    settings: given.settings ?? settings,
    nextAsk: () => {
      lastAsk += 1
      return lastAsk
    },
    observe: (observation) => observations.push(observation),
    heard: (message, bytes) => {
      heard.push(message)
      payloadBytes.push(bytes)
    },
  })
  onTestFinished(() => lane.stop())
  return {
    lane,
    heard,
    payloadBytes,
    observations,
    numbers: () => heard.flatMap((message) => ('n' in message ? [message.n] : [])),
  }
}

const upTo = (last: number, first = 1) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index)
const soon = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 10 })
const spoken: SpokenMessage = { from: 'sse', id: 'a-1', atMs: 1_800_000_000_000.5, text: 'a word' }

test.each(waysOfNode)('%s hears every message once, in order, across cuts', async (way) => {
  const world = await openWorld()
  await world.publish(3)
  const { numbers, observations } = open(way, world, { settings: { ...settings, pollIntervalMs: 1 } })
  const cutsMet = () => observations.filter(({ kind }) => kind === 'ended').length
  await soon(() => expect(numbers()).toEqual([1, 2, 3]))
  for (let round = 1; round <= 5; round++) {
    await world.publish(5)
    // Between two short polls nothing is there to be cut.
    await soon(() => {
      world.relay.cut()
      expect(cutsMet()).toBeGreaterThanOrEqual(round)
    })
    await world.publish(5)
    await soon(() => expect(numbers().length).toBeGreaterThanOrEqual(3 + 10 * round))
  }
  await world.publish(1)
  await soon(() => expect(numbers().at(-1)).toBe(54))
  expect(numbers()).toEqual(upTo(54))
})

test.each(waysOfNode)('%s comes back while the server is away, and goes on', async (way) => {
  const world = await openWorld()
  const { numbers } = open(way, world)
  await world.publish(2)
  await soon(() => expect(numbers()).toEqual([1, 2]))
  for (let cuts = 0; cuts < 20; cuts++) {
    world.relay.cut()
    await world.publish(1)
  }
  await soon(() => expect(numbers()).toEqual(upTo(22)))
})

test.each(waysOfNode)(
  '%s that was stopped hears nothing more, and goes on from its place, once each',
  async (way) => {
    const world = await openWorld()
    const first = open(way, world)
    await world.publish(4)
    await soon(() => expect(first.numbers()).toEqual([1, 2, 3, 4]))
    first.lane.stop()
    first.lane.stop()
    await world.publish(3)
    const second = open(way, world, { place: first.lane.place })
    await soon(() => expect(second.numbers()).toEqual([5, 6, 7]))
    await world.publish(1)
    await soon(() => expect(second.numbers()).toEqual([5, 6, 7, 8]))
    expect(first.numbers()).toEqual([1, 2, 3, 4])
    const ends = first.observations.filter(({ kind }) => kind === 'ended')
    expect(ends.length).toBeLessThanOrEqual(1)
  },
)

test.each(waysOfNode)('%s tells how many bytes each message has, in UTF-8', async (way) => {
  const world = await openWorld()
  const { heard, payloadBytes } = open(way, world)
  await world.publish(2)
  await soon(() => expect(heard).toHaveLength(2))
  expect(payloadBytes).toEqual(heard.map((message) => Buffer.byteLength(JSON.stringify(message))))
})

test.each(waysOfNode)('what is said in the lane of %s is heard there', async (way) => {
  const world = await openWorld()
  const { lane, heard, observations } = open(way, world)
  await soon(() =>
    expect(observations.some(({ kind }) => kind === 'answered' || way === 'long-poll')).toBe(true),
  )
  await lane.say({ ...spoken, from: way })
  await soon(() => expect(heard).toEqual([{ ...spoken, from: way }]))
  expect(observations.some(({ kind }) => kind === 'said')).toBe(way === 'websocket')
})

test.each(waysOfNode)('what can not be said in the lane of %s is told', async (way) => {
  const world = await openWorld()
  const { lane } = open(way, { ...world, browser: { ...world.browser, origin: 'http://127.0.0.1:1' } })
  await expect(lane.say(spoken)).rejects.toThrow(NotSaid)
})

test.each(waysOfNode)('%s passes over what nobody of the Lab has published', async (way) => {
  const world = await openWorld()
  const { heard, numbers } = open(way, world)
  const odd = JSON.stringify([
    null,
    'text',
    { n: 'one', atMs: 1, text: '' },
    { from: 'nobody', id: '', atMs: 1, text: '' },
    { n: 2 },
  ])
  const url = `${world.server.url}/v1/stream/${channel}`
  const answer = await fetch(url, {
    method: 'POST',
    body: odd,
    headers: { 'content-type': 'application/json' },
  })
  expect(answer.status).toBe(204)
  await world.publish(1)
  await soon(() => expect(numbers()).toEqual([1]))
  expect(heard).toHaveLength(1)
})

test.each(polls)(
  'an answer that comes to %s as it is stopped is not heard, and its place stays',
  async (way) => {
    const world = await openWorld()
    await world.publish(1)
    const heard: LabMessage[] = []
    const answered = new Promise<void>((resolve) => {
      const lane = openLane[way]({
        browser: world.browser,
        channel,
        place: { offset: '-1' },
        settings,
        nextAsk: () => 1,
        observe: ({ kind }) => {
          if (kind !== 'answered') return
          lane.stop()
          expect(lane.place).toEqual({ offset: '-1' })
          setImmediate(resolve)
        },
        heard: (message) => heard.push(message),
      })
    })
    await answered
    expect(heard).toEqual([])
  },
)

test.each(polls)('%s observes each request from asking to its whole answer', async (way) => {
  const world = await openWorld()
  const { lane, heard, observations } = open(way, world)
  await world.publish(1)
  await soon(() => expect(heard).toHaveLength(1))
  await world.publish(1)
  await soon(() => expect(heard).toHaveLength(2))
  lane.stop()
  await soon(() => expect(observations.at(-1)?.kind).not.toBe('asked'))
  for (const [index, { ask, kind, lane: name }] of observations.entries()) {
    expect(name).toBe(way)
    expect(ask).toBe(Math.floor(index / 2) + 1)
    if (index % 2 === 0) expect(kind).toBe('asked')
  }
  const times = observations.map(({ atMs }) => atMs)
  expect(times).toEqual([...times].sort((one, other) => one - other))
  const tags = world.requests.map(({ url }) => url.searchParams.get('lab'))
  expect(tags).toEqual(tags.map((_, index) => `${way}.${index + 1}`))
})

test('websocket observes asking, opening, each message, and its end once', async () => {
  const world = await openWorld()
  const { lane, heard, observations } = open('websocket', world)
  await world.publish(2)
  await soon(() => expect(heard).toHaveLength(2))
  lane.stop()
  lane.stop()
  expect(observations.map(({ kind }) => kind)).toEqual(['asked', 'answered', 'heard', 'heard', 'ended'])
  expect(new Set(observations.map(({ ask }) => ask))).toEqual(new Set([1]))
})

test('short-poll asks with the tag of the last empty answer, so that the next is a bare 304', async () => {
  const world = await openWorld()
  const { heard } = open('short-poll', world)
  await world.publish(1)
  await soon(() => expect(heard).toHaveLength(1))
  await soon(() => expect(world.requests.filter(({ status }) => status === 304).length).toBeGreaterThan(2))
  await world.publish(1)
  await soon(() => expect(heard).toHaveLength(2))
  // A tag is of one offset: with another it would be bytes for nothing.
  for (const [index, { url, headers }] of world.requests.entries()) {
    const before = world.requests[index - 1]?.url.searchParams.get('offset')
    if (url.searchParams.get('offset') !== before) expect(headers.has('if-none-match')).toBe(false)
  }
})

test('short-poll asks again at once while there is more than came, whatever its interval', async () => {
  const world = await openWorld()
  const text = 'x'.repeat(600_000)
  for (let n = 1; n <= 4; n++) {
    await fetch(`${world.server.url}/v1/stream/${channel}`, {
      method: 'POST',
      body: JSON.stringify({ n, atMs: 1, text }),
      headers: { 'content-type': 'application/json' },
    })
  }
  const { numbers } = open('short-poll', world, { settings: { ...settings, pollIntervalMs: 600_000 } })
  await soon(() => expect(numbers()).toEqual([1, 2, 3, 4]))
  expect(world.requests.length).toBeGreaterThan(1)
})

test('long-poll asks to be held as long as it is set, and gives the cursor back', async () => {
  const world = await openWorld()
  const { lane, heard } = open('long-poll', world, { settings: { ...settings, holdSeconds: 1 } })
  await soon(() => expect(world.requests[1]?.url.searchParams.get('cursor')).toMatch(/./))
  expect(world.requests[0]?.status).toBe(204)
  expect(world.requests[0]?.url.searchParams.get('timeout')).toBe('1')
  lane.useSettings({ ...settings, holdSeconds: 7 })
  await world.publish(1)
  await soon(() => expect(heard).toHaveLength(1))
  await soon(() => expect(world.requests.at(-1)?.url.searchParams.get('timeout')).toBe('7'))
})

test.each(polls)('%s marks its requests as fresh when connections are not to be kept', async (way) => {
  const world = await openWorld()
  const { lane, numbers } = open(way, world, { settings: { ...settings, isKeptAlive: false } })
  await world.publish(1)
  await soon(() => expect(numbers()).toEqual([1]))
  lane.useSettings(settings)
  await world.publish(1)
  await soon(() => expect(numbers()).toEqual([1, 2]))
  await soon(() => expect(world.requests.at(-1)?.url.searchParams.get('lab')).not.toMatch(/fresh/))
  expect(world.requests[0]?.url.searchParams.get('lab')).toBe(`${way}.1.fresh`)
})

test.each(polls)('%s goes on with what is left when retention has passed its offset', async (way) => {
  const world = await openWorld()
  await fetch(`${world.server.url}/v1/stream/lab/short`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', 'stream-retention-count': '5' },
  })
  const publisher = postPublisher(
    { server: world.server.url, channel: 'lab/short' },
    { contentType: 'application/json' },
  )
  const start = (await publisher.publish([{ n: 1, atMs: 1, text: '' }])).nextOffset
  for (let n = 2; n <= 40; n++) await publisher.publish([{ n, atMs: 1, text: '' }])
  const isGone = async () => (await fetch(`${world.server.url}/v1/stream/lab/short?offset=${start}`)).status
  await vi.waitFor(async () => expect(await isGone()).toBe(410), { timeout: 10_000, interval: 100 })
  const numbers: number[] = []
  const lane = openLane[way]({
    browser: world.browser,
    channel: 'lab/short',
    place: { offset: start },
    settings,
    nextAsk: () => 1,
    observe: () => {},
    heard: (message) => 'n' in message && numbers.push(message.n),
  })
  onTestFinished(() => lane.stop())
  await soon(() => expect(numbers.at(-1)).toBe(40))
  expect(numbers).toEqual(upTo(40, numbers[0]))
})

test.each(polls)('%s asks again in ever longer waits where what comes tells no offset', async (way) => {
  const { lane, asked } = openBehindProxy(way, [{ n: 1, atMs: 1, text: '' }], {})
  await vi.advanceTimersByTimeAsync(120_000)
  lane.stop()
  // 250 ms, 500 ms, … up to 10 s.
  expect(asked()).toBeGreaterThan(10)
  expect(asked()).toBeLessThan(20)
})

test('long-poll does not spin where nobody holds its requests', async () => {
  const headers = { 'stream-next-offset': '7_0', 'stream-up-to-date': 'true' }
  const { asked } = openBehindProxy('long-poll', [], headers)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(asked()).toBeGreaterThan(30)
  expect(asked()).toBeLessThan(50)
})

/** Something between answers everything by itself, at once, with nothing to be heard; waits are as long as they may be. */
function openBehindProxy(way: Way, body: unknown[], headers: Record<string, string>) {
  vi.useFakeTimers()
  let asked = 0
  const fetch: Browser['fetch'] = async () => {
    asked += 1
    // A spin would never end: it waits for no timer.
    if (asked > 1_000) lane.stop()
    return new Response(JSON.stringify(body), { headers })
  }
  const lane = openLane[way]({
    browser: { fetch, origin: 'http://proxy.example', now: Date.now, random: () => 1 } as unknown as Browser,
    channel,
    place: { offset: '-1' },
    settings,
    nextAsk: () => 1,
    observe: () => {},
    heard: () => expect.fail('heard what is no answer'),
  })
  onTestFinished(() => {
    lane.stop()
    vi.useRealTimers()
  })
  return { lane, asked: () => asked }
}
