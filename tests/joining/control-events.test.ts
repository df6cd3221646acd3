import { closeChannel } from '@tidings/client/ways'
import { chromium } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { createTestChannel } from '../support/channel.js'
import { get, tailOf } from '../support/fork.js'
import { RawEventStream } from '../support/raw-client.js'
import { startRelay } from '../support/relay.js'
import { findProgram, requirement } from '../support/requirements.js'
import { isListening, statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'

test('a stream that waits at the tail gives an id before its first message', async () => {
  const channel = await createTestChannel(await startTestServer())
  await channel.publish('heard before')
  const url = channel.reading({ live: 'sse', offset: 'now' })
  const stream = (await RawEventStream.open(url)).read()
  const [, id = ''] = await stream.has(/^id:(.*)\n\nevent: control\n/m)
  expect(id).toBe(await tailOf(channel))
  stream.drop()
  await channel.publish('missed')
  const again = (await RawEventStream.open(url, { 'last-event-id': id })).read()
  await again.has(/data:\["missed"\]/)
})

test('a stream that opens at the end of a closed channel gives an id, to come back with and be told to stop', async () => {
  const channel = await createTestChannel(await startTestServer())
  await channel.publish('last')
  await closeChannel(channel)
  const url = channel.reading({ live: 'sse', offset: 'now' })
  const stream = (await RawEventStream.open(url)).read()
  await stream.ended
  const id = /^id:(.*)\n\nevent: control\ndata:.*"streamClosed":true/m.exec(stream.text)?.[1] ?? ''
  expect((await get(url, { 'last-event-id': id })).status).toBe(204)
})

const executablePath = findProgram('chromium', 'chromium-browser', 'google-chrome')
const hasChromium = requirement('Chromium', executablePath !== undefined, 'an EventSource of control events')

interface Page {
  readonly heard: string[]
  readonly source: EventSource
}

/** Runs in the page: no closure reaches it. */
function hearInPage(url: string) {
  const heard: string[] = []
  const source = new EventSource(url)
  for (const type of ['data', 'control']) {
    source.addEventListener(type, ({ data }) => heard.push(`${type} ${data}`))
  }
  Object.assign(globalThis, { heard, source })
}

async function openTab(url: string) {
  const browser = await chromium.launch({ ...(executablePath && { executablePath }), args: ['--no-sandbox'] })
  onTestFinished(() => browser.close())
  const tab = await browser.newPage()
  await tab.goto(`${url}/`)
  return tab
}

const heardInPage = () => (globalThis as unknown as Page).heard
const hasStopped = () => (globalThis as unknown as Page).source.readyState === EventSource.CLOSED

test.runIf(hasChromium)(
  'in Chromium, an EventSource that opens at the end of a closed channel stops',
  async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server)
    await channel.publish('last')
    await closeChannel(channel)
    const tab = await openTab(server.url)
    await tab.evaluate(hearInPage, '/v1/stream/cake?live=sse&offset=now')
    await tab.waitForFunction(hasStopped)
    expect(await tab.evaluate(heardInPage)).toEqual([expect.stringMatching(/^control .*"streamClosed":true/)])
  },
)

test.runIf(hasChromium)(
  'in Chromium, an EventSource that is cut before its first message hears it all the same',
  async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server)
    const relay = await startRelay(server.url)
    const tab = await openTab(relay.url)
    await tab.evaluate(hearInPage, '/v1/stream/cake?live=sse&offset=now')
    await tab.waitForFunction(() => (globalThis as unknown as { heard: string[] }).heard.length === 1)
    await statsOf(server).until(isListening.sse)
    relay.cut()
    await statsOf(server).untilNothingIsHeld()
    await channel.publish('published while away')
    await closeChannel(channel)
    await tab.waitForFunction(hasStopped)
    const data = (await tab.evaluate(heardInPage)).filter((event) => event.startsWith('data '))
    expect(data).toEqual(['data ["published while away"]'])
  },
)
