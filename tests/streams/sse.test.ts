import { closeChannel, createChannel, deleteChannel, postPublisher } from '@tidings/client/ways'
import { chromium } from 'playwright-core'
import type { RunningServer } from 'tidings'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTestChannel } from '../support/channel.js'
import { tailOf } from '../support/fork.js'
import { Http2Client } from '../support/http2-client.js'
import { rawConnection } from '../support/raw-client.js'
import { RawConnection } from '../support/raw-connection.js'
import { startRelay } from '../support/relay.js'
import { findProgram, requirement } from '../support/requirements.js'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { startTlsServer } from '../support/tls-server.js'
import { EnvelopeStream, eventsIn, poll, streamsUrl } from './support.js'

const sse = { live: 'sse' }

async function twoChannels(server: RunningServer, contentType?: string) {
  const options = contentType === undefined ? {} : { contentType }
  return [
    await createTestChannel(server, { channel: 'cake', ...options }),
    await createTestChannel(server, { channel: 'tea', ...options }),
  ] as const
}

describe('several channels on one event stream', () => {
  test('are heard from the beginning and on, each in its order, with where the reader is in all of them', async () => {
    const server = await startTestServer()
    const [cake, tea] = await twoChannels(server)
    await cake.publish('baking')
    const stream = await EnvelopeStream.open(streamsUrl(server, { cake: '-1', tea: '-1' }, sse))
    expect(stream.raw.response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    })
    await stream.isUpToDate('cake', 'tea')
    const brewed = await tea.publish('brewing')
    const ready = await cake.publish('ready')
    await stream.raw.has(/"ready"/)
    const drunk = await tea.publish('drunk')
    await stream.raw.has(/"drunk"/)
    expect(stream.messagesOf('cake')).toEqual(['baking', 'ready'])
    expect(stream.messagesOf('tea')).toEqual(['brewing', 'drunk'])
    expect(stream.events.slice(-3).map(({ id, envelope }) => [id, envelope.nextOffset])).toEqual([
      [expect.stringContaining(`,${brewed}`), brewed],
      [`${ready},${brewed}`, ready],
      [`${ready},${drunk}`, drunk],
    ])
    expect(stream.envelopes.at(-1)).toEqual({
      type: 'data',
      channel: 'tea',
      messages: ['drunk'],
      nextOffset: drunk,
      committedAt: expect.any(Number),
      upToDate: true,
    })
    expect(stream.raw.text).toMatch(/^retry:\d+\n\nid:[\d_]+,[\d_]+\n\n/)
    expect(stream.raw.text).not.toMatch(/^event:/m)
  })

  test('may have names with slashes and @: the name ends at the last one', async () => {
    const server = await startTestServer()
    const names = ['shop/cake', 'me@home', 'a b+c&d=e', '@', 'é/ü']
    for (const channel of names) {
      await createChannel({ server: server.url, channel })
      await postPublisher({ server: server.url, channel }).publish([`to ${channel}`])
    }
    const starts = Object.fromEntries(names.map((name) => [name, '-1']))
    const stream = await EnvelopeStream.open(streamsUrl(server, starts, sse))
    for (const name of names) await stream.raw.has(new RegExp(`"to ${name.replaceAll('+', '\\+')}"`))
    for (const name of names) expect(stream.messagesOf(name)).toEqual([`to ${name}`])
  })

  test('carry text as strings and bytes as base64, whatever is in them', async () => {
    const server = await startTestServer()
    const text = await createTestChannel(server, { channel: 'text', contentType: 'text/plain' })
    const bytes = await createTestChannel(server, {
      channel: 'bytes',
      contentType: 'application/octet-stream',
    })
    const texts = ['one\ntwo', '\r\n', ' first', 'data: x\nid: 0', '\u2028"\\']
    for (const each of texts) await text.publish(each)
    await bytes.publish(Buffer.from([0, 10, 13, 255]))
    const stream = await EnvelopeStream.open(streamsUrl(server, { text: '-1', bytes: '-1' }, sse))
    await stream.isUpToDate('text', 'bytes')
    expect(stream.messagesOf('text')).toEqual(texts)
    expect(stream.messagesOf('bytes')).toEqual([Buffer.from([0, 10, 13, 255]).toString('base64')])
    expect(stream.envelopes.find(({ channel }) => channel === 'bytes')).toMatchObject({ encoding: 'base64' })
  })

  test('carry JSON values that were written over several lines', async () => {
    const server = await startTestServer()
    const [cake] = await twoChannels(server)
    const headers = { 'content-type': 'application/json' }
    const body = '{\n  "n":\r\n 9007199254740993,\r "deep": [ 1 ]}'
    await fetch(cake.url, { method: 'POST', headers, body })
    const stream = await EnvelopeStream.open(streamsUrl(server, { cake: '-1', tea: '-1' }, sse))
    await stream.isUpToDate('cake', 'tea')
    expect(stream.messagesOf('cake')).toEqual([JSON.parse(body)])
    expect(stream.raw.text).toContain('9007199254740993')
  })

  test('start at the last messages, or since a time, where a stream has no offset of its own', async () => {
    const server = await startTestServer()
    const [cake, tea] = await twoChannels(server)
    for (const n of [1, 2, 3, 4]) await cake.publish(n)
    for (const n of [1, 2, 3, 4]) await tea.publish(n)
    const from = await tailOf(tea)
    const url = `${server.url}/v1/streams?stream=cake&stream=tea@${from}&live=sse&last=2`
    const stream = await EnvelopeStream.open(url)
    await stream.isUpToDate('cake', 'tea')
    expect([stream.messagesOf('cake'), stream.messagesOf('tea')]).toEqual([[3, 4], []])
    const since = await poll(streamsUrl(server, { cake: '', tea: '' }, { since: '2001-01-01T00:00:00Z' }))
    expect(since.envelopes.flatMap(({ messages }) => messages)).toEqual([1, 2, 3, 4, 1, 2, 3, 4])
  })

  test('are told the heartbeat, and to come back when the server stops', async () => {
    const server = await startTestServer({ heartbeatMs: 100 })
    await twoChannels(server)
    const stream = await EnvelopeStream.open(streamsUrl(server, { cake: 'now', tea: 'now' }, sse))
    await stream.raw.has(/\n:\n\n:\n\n/)
    await server.close()
    await stream.raw.ended
    expect(stream.raw.text).toMatch(/\nretry:\d+\n\n$/)
  })
})

describe('a reader that comes back with the id of the last event', () => {
  test('goes on in every channel, whatever its query says', async () => {
    const server = await startTestServer()
    const [cake, tea] = await twoChannels(server)
    await cake.publish(1)
    await tea.publish(1)
    const url = streamsUrl(server, { cake: '-1', tea: 'now' }, sse)
    const first = await EnvelopeStream.open(url)
    await first.isUpToDate('cake', 'tea')
    expect(first.messagesOf('cake')).toEqual([1])
    first.raw.drop()
    await cake.publish(2)
    await tea.publish(2)
    const again = await EnvelopeStream.open(url, first.id)
    await again.isUpToDate('cake', 'tea')
    expect([again.messagesOf('cake'), again.messagesOf('tea')]).toEqual([[2], [2]])
  })

  test('finds its place between the events of one large commit', async () => {
    const server = await startTestServer()
    const [cake] = await twoChannels(server)
    const url = streamsUrl(server, { cake: 'now', tea: 'now' }, sse)
    const first = await EnvelopeStream.open(url)
    await first.isUpToDate('cake', 'tea')
    const large = Array.from({ length: 3 }, (_, n) => `${n} `.padEnd(20_000, 'x'))
    await cake.publish(...large)
    await first.until((events) => events.length === 5)
    const events = first.events.slice(-3)
    for (const { id, envelope } of events) expect(id?.split(',')[0]).toBe(envelope.nextOffset)
    const again = await EnvelopeStream.open(url, events[0]?.id)
    await again.isUpToDate('cake')
    expect(again.messagesOf('cake')).toEqual(large.slice(1))
  })

  test('misses nothing that came before its first message', async () => {
    const server = await startTestServer()
    const [cake, tea] = await twoChannels(server)
    await tea.publish('heard before')
    const url = streamsUrl(server, { cake: 'now', tea: 'now' }, sse)
    const first = await EnvelopeStream.open(url)
    await first.raw.has(/^id:.*\n\n/m)
    first.raw.drop()
    await cake.publish('missed')
    await tea.publish('missed')
    const again = await EnvelopeStream.open(url, first.id)
    await again.isUpToDate('cake', 'tea')
    expect([again.messagesOf('cake'), again.messagesOf('tea')]).toEqual([['missed'], ['missed']])
  })

  test('is told no end twice, and 204 when all channels have ended', async () => {
    const server = await startTestServer()
    const [cake, tea] = await twoChannels(server)
    await cake.publish('last')
    await closeChannel(cake)
    const url = streamsUrl(server, { cake: '-1', tea: '-1' }, sse)
    const first = await EnvelopeStream.open(url)
    await first.raw.has(/"type":"closed"/)
    await first.isUpToDate('tea')
    const cakeEnd = await tailOf(cake)
    expect(first.id).toBe(`ended,${await tailOf(tea)}`)
    first.raw.drop()

    const again = await EnvelopeStream.open(url, first.id)
    await again.isUpToDate('tea')
    await tea.publish('drunk')
    await closeChannel(tea)
    await again.raw.ended
    expect(again.envelopes.map(({ type, channel }) => [type, channel])).toEqual([
      ['data', 'tea'],
      ['data', 'tea'],
      ['closed', 'tea'],
    ])
    expect(again.id).toBe('ended,ended')
    const over = await poll(url, { 'last-event-id': 'ended,ended' })
    expect(over).toMatchObject({ status: 204, text: '' })
    expect(over.headers.get('cache-control')).toBe('no-store')
    // Cut between a last message and its `closed`, it hears the end once.
    const between = await EnvelopeStream.open(url, `${cakeEnd},ended`)
    await between.raw.ended
    expect(between.envelopes.map(({ type }) => type)).toEqual(['data', 'closed'])
    expect(between.messagesOf('cake')).toEqual([])
    await statsOf(server).untilNothingIsHeld()
  })
})

describe('trouble with one channel', () => {
  test('is told in an envelope, and the others go on', async () => {
    const server = await startTestServer()
    const [cake] = await twoChannels(server)
    const elsewhere = '0000000000000007_0000000000000003'
    const url = streamsUrl(server, { none: '-1', cake: '-1', tea: elsewhere }, sse)
    const stream = await EnvelopeStream.open(url)
    await stream.isUpToDate('cake')
    await cake.publish('goes on')
    await stream.raw.has(/goes on/)
    // Behind all troubles: who is cut between them is told again.
    expect(stream.raw.text).toMatch(/^retry:\d+\n\n(?:data:.*\n\n){2}id:ended,/)
    const [unknown, changed] = stream.envelopes
    expect(unknown).toEqual({
      type: 'error',
      channel: 'none',
      code: 'channel-unknown',
      status: 404,
      detail: expect.any(String),
    })
    expect(changed).toMatchObject({
      type: 'error',
      channel: 'tea',
      code: 'history-changed',
      status: 410,
      earliestOffset: expect.any(String),
      nextOffset: expect.any(String),
    })
    expect(stream.id).toBe(`ended,${await tailOf(cake)},ended`)
    // Who comes back with this is not told again, and hears the one that is left.
    stream.raw.drop()
    await cake.publish('while away')
    const again = await EnvelopeStream.open(url, stream.id)
    await again.raw.has(/while away/)
    expect(again.envelopes.map(({ type }) => type)).toEqual(['data'])
  })

  test('of every channel ends the stream, and stops an EventSource that comes back', async () => {
    const server = await startTestServer()
    const url = streamsUrl(server, { none: '-1', nothing: 'now' }, sse)
    const stream = await EnvelopeStream.open(url)
    await stream.raw.ended
    expect(stream.envelopes.map(({ code }) => code)).toEqual(['channel-unknown', 'channel-unknown'])
    expect((await poll(url, { 'last-event-id': stream.id ?? '' })).status).toBe(204)
  })

  test('that comes later, a deletion, is told, and the others go on', async () => {
    const server = await startTestServer()
    const [cake, tea] = await twoChannels(server)
    const stream = await EnvelopeStream.open(streamsUrl(server, { cake: 'now', tea: 'now' }, sse))
    await stream.isUpToDate('cake', 'tea')
    await deleteChannel(cake)
    await stream.raw.has(/"type":"deleted"/)
    await tea.publish('goes on')
    await stream.raw.has(/goes on/)
    expect(stream.envelopes.slice(2, 3)).toEqual([{ type: 'deleted', channel: 'cake' }])
    expect(stream.id).toBe(`ended,${await tailOf(tea)}`)
    await deleteChannel(tea)
    await stream.raw.ended
    expect(stream.id).toBe('ended,ended')
    await statsOf(server).untilNothingIsHeld()
  })
})

test('a stream that its client drops frees everything at once', async () => {
  const server = await startTestServer()
  await twoChannels(server)
  const stream = await EnvelopeStream.open(streamsUrl(server, { cake: '-1', tea: '-1' }, sse))
  await statsOf(server).until(({ listeners, openStreams }) => listeners === 2 && openStreams === 1)
  stream.raw.drop()
  await statsOf(server).untilAllIsFree()
})

test('HTTP/1.0 hears several channels, and the connection ends with them', async () => {
  const server = await startTestServer()
  const [cake, tea] = await twoChannels(server)
  await cake.publish('one')
  await closeChannel(cake)
  await closeChannel(tea)
  const connection = await RawConnection.open(server.url)
  connection.send('GET /v1/streams?stream=cake@-1&stream=tea@-1&live=sse HTTP/1.0\r\n\r\n')
  const [head = '', ...body] = String(await connection.rest()).split('\r\n\r\n')
  expect(head).not.toMatch(/transfer-encoding/i)
  const { events } = eventsIn(body.join('\r\n\r\n'))
  expect(events.map(({ envelope }) => envelope.type).sort()).toEqual(['closed', 'closed', 'data', 'data'])
})

test('HTTP/2 hears several channels on one of its streams', async () => {
  const server = await startTlsServer()
  const client = await Http2Client.open(server)
  const json = { 'content-type': 'application/json' }
  for (const name of ['cake', 'tea']) await client.fetch(`/v1/stream/${name}`, { ':method': 'PUT', ...json })
  const events = client.ask('/v1/streams?stream=cake@-1&stream=tea@-1&live=sse')
  await events.has(/"upToDate":true[\s\S]*"upToDate":true/)
  await client.fetch('/v1/stream/tea', { ':method': 'POST', ...json }, '"brewing"')
  await events.has(/"brewing"/)
  events.stream.close()
  await events.ended
})

test('a client that is gone before its answer leaves nothing behind', async () => {
  const server = await startTestServer()
  await twoChannels(server)
  for (const live of ['sse', 'long-poll']) {
    const connection = await rawConnection(server.url)
    connection.write(
      `GET /v1/streams?stream=cake@-1&stream=tea@-1&live=${live} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    )
    connection.destroy()
  }
  await statsOf(server).until(
    ({ ways }) => ways.sse.connectionsOpen + ways['long-poll'].connectionsOpen === 0,
  )
  await statsOf(server).untilAllIsFree()
})

const executablePath = findProgram('chromium', 'chromium-browser', 'google-chrome')
const hasChromium = requirement(
  'Chromium',
  executablePath !== undefined,
  'a plain EventSource in a real browser',
)

interface Page {
  heard: string[]
  source: EventSource
}

/** Runs in the page: no closure reaches it. */
function hearInPage(url: string) {
  const page = globalThis as unknown as Page
  page.heard = []
  page.source = new EventSource(url)
  page.source.onmessage = (event) => {
    const { type, channel, messages = [] } = JSON.parse(event.data)
    if (type === 'data') page.heard.push(...messages.map((message: string) => `${channel} ${message}`))
    else page.heard.push(`${channel} ${type}`)
  }
}

test.runIf(hasChromium)(
  'in Chromium, a plain EventSource hears each channel once across cuts, and stops when all have ended',
  async () => {
    const server = await startTestServer()
    const [cake, tea] = await twoChannels(server)
    const relay = await startRelay(server.url)
    const browser = await chromium.launch({
      ...(executablePath && { executablePath }),
      args: ['--no-sandbox'],
    })
    onTestFinished(() => browser.close())
    const tab = await browser.newPage()
    await tab.goto(`${relay.url}/`)
    const url = streamsUrl(server, { cake: 'now', tea: 'now' }, sse).slice(server.url.length)
    await tab.evaluate(hearInPage, url)
    await statsOf(server).until(({ listeners }) => listeners === 2)
    const heard = (count: number) =>
      tab.waitForFunction((all) => (globalThis as unknown as Page).heard.length === all, count)

    relay.cut()
    await statsOf(server).untilNothingIsHeld()
    await cake.publish('while away')
    await heard(1)
    await tea.publish('brewing')
    await heard(2)
    await closeChannel(cake)
    await heard(3)
    relay.cut()
    await statsOf(server).untilNothingIsHeld()
    await tea.publish('drunk')
    await closeChannel(tea)
    await tab.waitForFunction(() => (globalThis as unknown as Page).source.readyState === EventSource.CLOSED)
    expect(await tab.evaluate(() => (globalThis as unknown as Page).heard)).toEqual([
      'cake while away',
      'tea brewing',
      'cake closed',
      'tea drunk',
      'tea closed',
    ])
    await statsOf(server).untilNothingIsHeld()
  },
)
