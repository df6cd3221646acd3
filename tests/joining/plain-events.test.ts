import { closeChannel, deleteChannel } from '@tidings/client/ways'
import { chromium } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTestChannel, type TestChannel } from '../support/channel.js'
import { forkOf, get, tailOf } from '../support/fork.js'
import { RawEventStream } from '../support/raw-client.js'
import { startRelay } from '../support/relay.js'
import { findProgram, requirement } from '../support/requirements.js'
import { isListening, statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'

const plain = { live: 'sse', events: 'message' }

/** The events of a stream, without `retry:` and comments. */
function eventsIn(text: string): { id: string | undefined; data: string | undefined }[] {
  return text
    .split('\n\n')
    .filter((block) => /^(?:id|data):/m.test(block))
    .map((block) => {
      const data = [...block.matchAll(/^data:(.*)$/gm)].map(([, line]) => line)
      return { id: /^id:(.*)$/m.exec(block)?.[1], data: data.length > 0 ? data.join('\n') : undefined }
    })
}

async function wholeStream(channel: TestChannel, query: Record<string, string>, lastEventId?: string) {
  const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
  const stream = await RawEventStream.open(channel.reading({ ...plain, ...query }), headers)
  await stream.read().ended
  return stream
}

test('each message is an unnamed event with the offset after it, also where several were kept at once', async () => {
  const channel = await createTestChannel(await startTestServer())
  const headers = { 'content-type': 'application/json' }
  await fetch(channel.url, { method: 'POST', headers, body: '[{"n":1},[2],"3"]' })
  await closeChannel(channel)
  const { text } = await wholeStream(channel, { offset: '-1' })
  const events = eventsIn(text)
  expect(events.map(({ data }) => data)).toEqual(['{"n":1}', '[2]', '"3"'])
  expect(text).not.toMatch(/^event:/m)
  // An id within the batch is a place to go on from, by either way to say so.
  for (const [index, { id }] of events.entries()) {
    const rest = events.slice(index + 1).map(({ data }) => data)
    expect(JSON.stringify((await get(channel.reading({ offset: id ?? '' }))).text)).toBe(
      JSON.stringify(`[${rest.join(',')}]`),
    )
    if (rest.length > 0) {
      const again = eventsIn((await wholeStream(channel, { offset: '-1' }, id)).text)
      expect(again).toEqual(events.slice(index + 1))
    }
  }
})

test('a text message with line breaks of every kind is one event, and keeps its lines', async () => {
  const channel = await createTestChannel(await startTestServer(), { contentType: 'text/plain' })
  const texts = [
    'one\ntwo',
    'one\r\ntwo\rthree',
    '\n',
    '\n\n',
    ' leading',
    'data: x\nid: y\nevent: z',
    ':comment',
    'ends\n',
  ]
  for (const text of texts) await channel.publish(text)
  await closeChannel(channel)
  const { text } = await wholeStream(channel, { offset: '-1' })
  const heard = eventsIn(text).map(({ data }) => data)
  // A parser takes one space off.
  const expected = texts.map((line) =>
    line
      .split(/\r\n|\r|\n/)
      .map((part) => (part.startsWith(' ') ? ` ${part}` : part))
      .join('\n'),
  )
  expect(heard).toEqual(expected)
})

test('bytes come as base64, message by message, and the response says so', async () => {
  const channel = await createTestChannel(await startTestServer(), {
    contentType: 'application/octet-stream',
  })
  const messages = [Buffer.from([0]), Buffer.from([255, 10, 13]), Buffer.alloc(100, 7)]
  for (const message of messages) await channel.publish(message)
  await closeChannel(channel)
  const stream = await wholeStream(channel, { offset: '-1' })
  expect(stream.response.headers['stream-sse-data-encoding']).toBe('base64')
  expect(eventsIn(stream.text).map(({ data }) => data)).toEqual(
    messages.map((message) => message.toString('base64')),
  )
})

describe('at the end of a closed channel', () => {
  test('a plain event stream is answered 204, at the first opening and when a browser comes back', async () => {
    const channel = await createTestChannel(await startTestServer())
    const tail = await channel.publish(1)
    await closeChannel(channel)
    for (const offset of ['now', tail])
      expect((await get(channel.reading({ ...plain, offset }))).status).toBe(204)
    const back = await get(channel.reading({ ...plain, offset: '-1' }), { 'last-event-id': tail })
    expect(back.status).toBe(204)
    expect(back.headers.get('cache-control')).toBe('no-store')
  })

  test('a stream that is open ends after the last message, with its id', async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server)
    const stream = (await RawEventStream.open(channel.reading({ ...plain, offset: 'now' }))).read()
    await statsOf(server).until(isListening.sse)
    const tail = await channel.publish('last')
    await closeChannel(channel)
    await stream.ended
    expect(eventsIn(stream.text).at(-1)).toEqual({ id: tail, data: '"last"' })
  })
})

test('a stream that waits at the tail says where it is, so that a cut before the first message loses nothing', async () => {
  const server = await startTestServer()
  const channel = await createTestChannel(server)
  await channel.publish('heard before')
  const url = channel.reading({ ...plain, offset: 'now' })
  const stream = (await RawEventStream.open(url)).read()
  const [, id] = await stream.has(/^id:(.*)\n\n/m)
  expect(id).toBe(await tailOf(channel))
  expect(stream.text).not.toContain('data:')
  stream.drop()
  await channel.publish('missed')
  const again = (await RawEventStream.open(url, { 'last-event-id': id as string })).read()
  await again.has(/data:"missed"/)
})

test('a fork is heard through its fork point, with the ids of its source up to there', async () => {
  const channel = await createTestChannel(await startTestServer(), { contentType: 'text/plain' })
  const offset = await channel.publish('one')
  await channel.publish('two')
  const fork = await forkOf(channel, 'fork', { offset, subOffset: 1 })
  const point = await tailOf(fork)
  const end = await fork.publish('own')
  await closeChannel(fork)
  expect(eventsIn((await wholeStream(fork, { offset: '-1' })).text)).toEqual([
    { id: offset, data: 'one' },
    { id: point, data: 't' },
    { id: end, data: 'own' },
  ])
})

test.each([
  ['events=message', 'events-unknown'],
  ['events=message&live=long-poll&offset=-1', 'events-unknown'],
  ['events=data&live=sse&offset=-1', 'events-unknown'],
  ['events=&live=sse&offset=-1', 'events-unknown'],
  ['events=message&events=message&live=sse&offset=-1', 'offset-malformed'],
  ['events=message&live=sse', 'offset-missing'],
])('%s is no form of events: 400', async (query, code) => {
  const channel = await createTestChannel(await startTestServer())
  expect(await get(`${channel.url}?${query}`)).toMatchObject({ status: 400, code })
})

const executablePath = findProgram('chromium', 'chromium-browser', 'google-chrome')
const hasChromium = requirement(
  'Chromium',
  executablePath !== undefined,
  'a plain EventSource in a real browser',
)

/** Runs in the page: no closure reaches it. */
function hearInPage(url: string) {
  const page = globalThis as unknown as { heard: string[]; ids: string[]; source: EventSource }
  page.heard = []
  page.ids = []
  page.source = new EventSource(url)
  page.source.onmessage = (event) => {
    page.heard.push(event.data)
    page.ids.push(event.lastEventId)
  }
}

test.runIf(hasChromium)(
  'in Chromium, onmessage hears every message once, across cuts also before the first, and stops at the end',
  async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server, { contentType: 'text/plain' })
    await channel.publish('before')
    const relay = await startRelay(server.url)
    const browser = await chromium.launch({
      ...(executablePath && { executablePath }),
      args: ['--no-sandbox'],
    })
    onTestFinished(() => browser.close())
    const tab = await browser.newPage()
    await tab.goto(`${relay.url}/`)
    await tab.evaluate(hearInPage, `/v1/stream/cake?${new URLSearchParams({ ...plain, offset: 'now' })}`)
    await statsOf(server).until(isListening.sse)
    await tab.waitForFunction(
      () => (globalThis as unknown as { source: EventSource }).source.readyState === EventSource.OPEN,
    )
    // The stream's first words were sent before this is asked: the browser has them before the answer.
    await tab.evaluate(() => fetch('/v1/channels').then((answer) => answer.text()))

    relay.cut()
    await statsOf(server).untilNothingIsHeld()
    await channel.publish('published while away')
    await tab.waitForFunction(() => (globalThis as unknown as { heard: string[] }).heard.length === 1)
    const offset = await channel.publish('with\nlines\r\nof all kinds')
    await tab.waitForFunction(() => (globalThis as unknown as { heard: string[] }).heard.length === 2)
    relay.cut()
    await statsOf(server).untilNothingIsHeld()
    await channel.publish('last')
    await closeChannel(channel)
    await tab.waitForFunction(
      () => (globalThis as unknown as { source: EventSource }).source.readyState === EventSource.CLOSED,
    )
    expect(
      await tab.evaluate(() => {
        const { heard, ids } = globalThis as unknown as { heard: string[]; ids: string[] }
        return { heard, second: ids[1] }
      }),
    ).toEqual({ heard: ['published while away', 'with\nlines\nof all kinds', 'last'], second: offset })
    await statsOf(server).untilNothingIsHeld()
  },
)

test.runIf(hasChromium)('in Chromium, an EventSource on a channel that is deleted stops', async () => {
  const server = await startTestServer()
  const channel = await createTestChannel(server)
  const browser = await chromium.launch({ ...(executablePath && { executablePath }), args: ['--no-sandbox'] })
  onTestFinished(() => browser.close())
  const tab = await browser.newPage()
  await tab.goto(`${server.url}/`)
  await tab.evaluate(hearInPage, `/v1/stream/cake?${new URLSearchParams({ ...plain, offset: '-1' })}`)
  await statsOf(server).until(isListening.sse)
  await channel.publish('one')
  await tab.waitForFunction(() => (globalThis as unknown as { heard: string[] }).heard.length === 1)
  await deleteChannel(channel)
  await tab.waitForFunction(
    () => (globalThis as unknown as { source: EventSource }).source.readyState === EventSource.CLOSED,
  )
  expect(await tab.evaluate(() => (globalThis as unknown as { heard: string[] }).heard)).toEqual(['"one"'])
})
