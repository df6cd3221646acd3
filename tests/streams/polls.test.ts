import { closeChannel, deleteChannel } from '@tidings/client/ways'
import type { RunningServer } from 'tidings'
import { describe, expect, test } from 'vitest'
import { makeChannel, post, untilPassed } from '../retention/support.js'
import { createTestChannel, type TestChannel } from '../support/channel.js'
import { tailOf } from '../support/fork.js'
import { rawConnection } from '../support/raw-client.js'
import { standingDisk } from '../support/standing-disk.js'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { type AnyEnvelope, EnvelopeStream, poll, streamsUrl } from './support.js'

const longPoll = { live: 'long-poll' }

async function twoChannels(server: RunningServer) {
  return [
    await createTestChannel(server, { channel: 'cake' }),
    await createTestChannel(server, { channel: 'tea' }),
  ] as const
}

const tailsOf = async (...channels: TestChannel[]) =>
  Object.fromEntries(await Promise.all(channels.map(async (each) => [each.channel, await tailOf(each)])))

describe('a short poll of several channels', () => {
  test('brings what is new in each, and leaves out those without news', async () => {
    const server = await startTestServer()
    const [cake, tea] = await twoChannels(server)
    const before = await tailsOf(cake, tea)
    const nextOffset = await cake.publish('ready')
    const { status, headers, envelopes } = await poll(streamsUrl(server, before))
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('application/json')
    expect(headers.get('cache-control')).toBe('no-cache')
    expect(envelopes).toEqual([
      {
        type: 'data',
        channel: 'cake',
        messages: ['ready'],
        nextOffset,
        committedAt: expect.any(Number),
        upToDate: true,
      },
    ])
  })

  test('tells those who do not know it where they are', async () => {
    const server = await startTestServer()
    const [cake, tea] = await twoChannels(server)
    await cake.publish(1)
    const here = (channel: string, nextOffset: string) => ({
      type: 'data',
      channel,
      messages: [],
      nextOffset,
      upToDate: true,
    })
    const expected = [here('cake', await tailOf(cake)), here('tea', await tailOf(tea))]
    for (const starts of [
      { cake: 'now', tea: 'now' },
      { cake: 'now', tea: '-1' },
      { cake: 'now', tea: '' },
    ]) {
      const { envelopes, headers } = await poll(streamsUrl(server, starts))
      expect(envelopes).toEqual(expected)
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('etag')).toBeNull()
    }
  })

  test('without news is 304 to who has asked before, until any of them has some', async () => {
    const server = await startTestServer()
    const [cake, tea] = await twoChannels(server)
    const url = streamsUrl(server, await tailsOf(cake, tea))
    const empty = await poll(url)
    expect(empty).toMatchObject({ status: 200, text: '[]' })
    const ask = () => poll(url, { 'if-none-match': empty.headers.get('etag') ?? '' })
    expect(await ask()).toMatchObject({ status: 304, text: '' })
    await tea.publish('brewing')
    expect((await ask()).envelopes.map(({ channel }) => channel)).toEqual(['tea'])
    // A close changes the answer too.
    const url2 = streamsUrl(server, await tailsOf(cake, tea))
    const { headers } = await poll(url2)
    await closeChannel(cake)
    const closed = await poll(url2, { 'if-none-match': headers.get('etag') ?? '' })
    expect(closed.envelopes).toEqual([{ type: 'closed', channel: 'cake', nextOffset: await tailOf(cake) }])
  })

  test('tells ends and trouble of some beside the news of others', async () => {
    const server = await startTestServer()
    const [cake, tea] = await twoChannels(server)
    await cake.publish('last')
    await closeChannel(cake)
    await tea.publish('goes on')
    const starts = { cake: '-1', none: '-1', tea: '-1' }
    const { envelopes, headers, status } = await poll(streamsUrl(server, starts))
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('no-store')
    const told = envelopes.map(({ type, channel, code, status }) => [type, channel, code, status])
    expect(told).toEqual([
      ['data', 'cake', undefined, undefined],
      ['closed', 'cake', undefined, undefined],
      ['error', 'none', 'channel-unknown', 404],
      ['data', 'tea', undefined, undefined],
    ])
  })

  test('tells an offset that is not one of the channel, with the good ones', async () => {
    const server = await startTestServer()
    const text = await createTestChannel(server, { channel: 'text', contentType: 'text/plain' })
    const end = await text.publish('four')
    const inside = end.replace(/4$/, '2')
    const { envelopes } = await poll(streamsUrl(server, { text: inside }))
    expect(envelopes).toMatchObject([
      { type: 'error', channel: 'text', code: 'history-changed', nextOffset: end },
    ])
  })

  test('tells an offset that retention has passed, on every way, and the others go on', async () => {
    const server = await startTestServer()
    const kept = await createTestChannel(server, { channel: 'kept' })
    await kept.publish('all of it')
    const url = await makeChannel(server, { 'stream-retention-count': '2' }, 'short')
    const passed = await post(url, 0)
    for (let n = 1; n < 10; n++) await post(url, n)
    const earliestOffset = await untilPassed(url, passed)
    const starts = { short: passed, kept: '-1' }
    const error = { type: 'error', channel: 'short', code: 'offset-gone', earliestOffset }
    for (const live of [undefined, longPoll]) {
      const { envelopes } = await poll(streamsUrl(server, starts, live))
      expect(envelopes).toMatchObject([error, { channel: 'kept', messages: ['all of it'] }])
    }
    const stream = await EnvelopeStream.open(streamsUrl(server, starts, { live: 'sse' }))
    await stream.isUpToDate('kept')
    expect(stream.envelopes).toMatchObject([error, { channel: 'kept', messages: ['all of it'] }])
  })

  test('brings about 1 MiB at most, something of every channel, and all of it in the end', async () => {
    const server = await startTestServer()
    const names = Array.from({ length: 8 }, (_, index) => `busy-${index}`)
    for (const channel of names) {
      const { publish } = await createTestChannel(server, { channel })
      for (let part = 0; part < 10; part++) {
        await publish(...Array.from({ length: 5 }, (_, index) => `${part * 5 + index} `.padEnd(10_000, 'x')))
      }
    }
    const heard: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]))
    let starts: Record<string, string> = Object.fromEntries(names.map((name) => [name, '-1']))
    for (let isBehind = true; isBehind; ) {
      const { envelopes, text } = await poll(streamsUrl(server, starts))
      expect(text.length).toBeLessThan(1.1 * 1024 * 1024)
      if (heard['busy-0']?.length === 0) {
        const withMessages = envelopes.filter(({ messages = [] }) => messages.length > 0)
        expect(new Set(withMessages.map(({ channel }) => channel))).toEqual(new Set(names))
      }
      starts = { ...starts, ...placesIn(envelopes) }
      for (const { channel = '', messages = [] } of envelopes)
        heard[channel]?.push(...messages.map((message) => Number.parseInt(String(message), 10)))
      isBehind = envelopes.some(({ upToDate }) => upToDate === false)
    }
    const all = Array.from({ length: 50 }, (_, index) => index)
    for (const name of names) expect(heard[name]).toEqual(all)
  })

  test('lets no channel wait for ever behind others with a large message each', async () => {
    const server = await startTestServer()
    const names = ['a', 'b', 'c', 'd']
    const starts: Record<string, string> = {}
    for (const channel of names) {
      const { publish } = await createTestChannel(server, { channel })
      starts[channel] = await publish('heard before')
      for (let count = 0; count < 3; count++) await publish('x'.repeat(1_100_000))
    }
    // Each answer has room for one of them: who is first must change, though nobody moves on.
    const seen = new Set<string>()
    while (seen.size < names.length) {
      const { envelopes } = await poll(streamsUrl(server, starts))
      const withMessages = envelopes.filter(({ messages = [] }) => messages.length > 0)
      expect(withMessages).toHaveLength(1)
      expect(envelopes.map(({ upToDate }) => upToDate)).toEqual([false, false, false, false])
      for (const { channel = '' } of withMessages) seen.add(channel)
    }
  })
})

function placesIn(envelopes: readonly AnyEnvelope[]): Record<string, string> {
  return Object.fromEntries(
    envelopes.flatMap(({ channel, nextOffset }) => (channel && nextOffset ? [[channel, nextOffset]] : [])),
  )
}

describe('a long poll of several channels', () => {
  test('is answered at once with what came while no request was open', async () => {
    const server = await startTestServer({ longPollMs: 55_000 })
    const [cake, tea] = await twoChannels(server)
    const before = await tailsOf(cake, tea)
    await tea.publish('while away')
    const { status, headers, envelopes } = await poll(streamsUrl(server, before, longPoll))
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(envelopes).toMatchObject([{ channel: 'tea', messages: ['while away'] }])
  })

  test('is held until any of them has news, and its answer says where the reader is in the others', async () => {
    const server = await startTestServer({ longPollMs: 55_000 })
    const [cake, tea] = await twoChannels(server)
    const waiting = poll(streamsUrl(server, { cake: 'now', tea: 'now' }, longPoll))
    await statsOf(server).until(({ heldPolls, listeners }) => heldPolls === 1 && listeners === 2)
    const nextOffset = await tea.publish('brewing')
    expect((await waiting).envelopes).toEqual([
      {
        type: 'data',
        channel: 'tea',
        messages: ['brewing'],
        nextOffset,
        committedAt: expect.any(Number),
        upToDate: true,
      },
      { type: 'data', channel: 'cake', messages: [], nextOffset: await tailOf(cake), upToDate: true },
    ])
    await statsOf(server).untilNothingIsHeld()
  })

  test('brings all that one commit had for its channels', async () => {
    const server = await startTestServer({ longPollMs: 55_000 })
    const [cake, tea] = await twoChannels(server)
    const other = await createTestChannel(server, { channel: 'other' })
    const url = streamsUrl(server, await tailsOf(cake, tea), longPoll)
    const disk = standingDisk()
    const waiting = poll(url)
    await statsOf(server).until(({ heldPolls }) => heldPolls === 1)
    disk.stand()
    // The first commit holds what was asked for first alone; what comes meanwhile is one commit.
    const first = other.publish(0)
    await statsOf(server).until(({ ways }) => ways.publish.requests === 1)
    const published = [cake.publish(1), tea.publish(2)]
    await statsOf(server).until(({ ways }) => ways.publish.requests === 3)
    disk.goOn()
    await Promise.all([first, ...published])
    expect((await waiting).envelopes.map(({ messages }) => messages)).toEqual([[1], [2]])
  })

  test('brings as much of a large commit as a turn has for it, says that there is more, and the rest to the next ones', async () => {
    const server = await startTestServer({ longPollMs: 55_000 })
    const [cake, tea] = await twoChannels(server)
    const waiting = poll(streamsUrl(server, await tailsOf(cake, tea), longPoll))
    await statsOf(server).until(({ heldPolls }) => heldPolls === 1)
    await cake.publish(...Array.from({ length: 60 }, (_, n) => `${n} `.padEnd(30_000, 'x')))
    let answer = await waiting
    const heard: unknown[] = []
    for (;;) {
      expect(answer.text.length).toBeLessThan(1.1 * 1024 * 1024)
      heard.push(...answer.envelopes.flatMap(({ messages = [] }) => messages))
      if (answer.envelopes.at(-1)?.upToDate) break
      answer = await poll(
        streamsUrl(server, { ...(await tailsOf(tea)), ...placesIn(answer.envelopes) }, longPoll),
      )
    }
    expect(heard.map((message) => Number.parseInt(String(message), 10))).toEqual(
      Array.from({ length: 60 }, (_, n) => n),
    )
  })

  test('tells an end, a deletion and trouble as soon as there is one', async () => {
    const server = await startTestServer({ longPollMs: 55_000 })
    const [cake, tea] = await twoChannels(server)
    const starts = await tailsOf(cake, tea)
    const closing = poll(streamsUrl(server, starts, longPoll))
    await statsOf(server).until(({ heldPolls }) => heldPolls === 1)
    await closeChannel(cake)
    const closed = { type: 'closed', channel: 'cake', nextOffset: starts.cake }
    expect((await closing).envelopes).toEqual([closed])
    // Who asks again is not held: it is told again.
    expect((await poll(streamsUrl(server, starts, longPoll))).envelopes).toEqual([closed])

    const deleting = poll(streamsUrl(server, { tea: starts.tea ?? '' }, longPoll))
    await statsOf(server).until(({ heldPolls }) => heldPolls === 1)
    await deleteChannel(tea)
    expect((await deleting).envelopes).toEqual([{ type: 'deleted', channel: 'tea' }])
    const unknown = await poll(streamsUrl(server, { tea: starts.tea ?? '' }, longPoll))
    expect(unknown.envelopes).toMatchObject([
      { type: 'error', channel: 'tea', code: 'channel-unknown', status: 404 },
    ])
    await statsOf(server).untilNothingIsHeld()
  })

  test('without news is 204 when its time is over, or where the reader is when it does not know', async () => {
    const server = await startTestServer({ longPollMs: 55_000 })
    const [cake, tea] = await twoChannels(server)
    const starts = await tailsOf(cake, tea)
    const empty = await poll(streamsUrl(server, starts, { ...longPoll, timeout: '0' }))
    expect(empty).toMatchObject({ status: 204, text: '' })
    expect(empty.headers.get('cache-control')).toBe('no-store')
    const now = await poll(
      streamsUrl(server, { cake: 'now', tea: starts.tea ?? '' }, { ...longPoll, timeout: '0' }),
    )
    expect(now.envelopes).toEqual([
      { type: 'data', channel: 'cake', messages: [], nextOffset: starts.cake, upToDate: true },
    ])
    await statsOf(server).untilNothingIsHeld()
  })

  test('is answered when the server stops', async () => {
    const server = await startTestServer({ longPollMs: 55_000 })
    const [cake, tea] = await twoChannels(server)
    const waiting = poll(streamsUrl(server, await tailsOf(cake, tea), longPoll))
    await statsOf(server).until(({ heldPolls }) => heldPolls === 1)
    await server.close()
    expect((await waiting).status).toBe(204)
  })

  test('that its client drops frees everything at once', async () => {
    const server = await startTestServer({ longPollMs: 55_000 })
    await twoChannels(server)
    const connection = await rawConnection(server.url)
    connection.write(
      'GET /v1/streams?stream=cake@-1&stream=tea@now&live=long-poll HTTP/1.1\r\nHost: localhost\r\n\r\n',
    )
    await statsOf(server).until(({ heldPolls, listeners }) => heldPolls === 1 && listeners === 2)
    connection.destroy()
    await statsOf(server).untilAllIsFree()
  })
})

test('each way on several channels counts under its own name', async () => {
  const server = await startTestServer()
  const [cake, tea] = await twoChannels(server)
  await cake.publish('ready')
  const starts = await tailsOf(cake, tea)
  await poll(streamsUrl(server, starts))
  await poll(streamsUrl(server, { cake: '-1', tea: '-1' }))
  await poll(streamsUrl(server, starts, { ...longPoll, timeout: '0' }))
  await closeChannel(cake)
  await closeChannel(tea)
  await poll(streamsUrl(server, { cake: '-1', tea: '-1' }, { live: 'sse' }))
  const payloadBytes = Buffer.byteLength('"ready"')
  const { ways } = await statsOf(server).now()
  expect(ways).toMatchObject({
    'short-poll': { requests: 2, emptyAnswers: 1, payloadBytes },
    'long-poll': { requests: 1, emptyAnswers: 1, payloadBytes: 0 },
    sse: { requests: 1, payloadBytes },
  })
})
