import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { startTestServer } from '../../support/test-server.js'
import { startTlsServer } from '../../support/tls-server.js'
import { browserOfFile, hasChromium } from '../browser.js'
import { CheckPage, patient, type Waits } from './check-page.js'
import { FaultProxy, type Faults } from './fault-proxy.js'

// The built page (`node packages/lab/build.mjs`) in a real browser, through a proxy that does one thing wrong. Waits that
// are short here are those for what never comes; what does come has all the time of a visitor's.

const browser = browserOfFile()
const inBrowser = test.runIf(hasChromium)

async function checkThrough(faults: Faults, waits: Waits) {
  const server = await startTestServer()
  const proxy = await FaultProxy.before(server, faults)
  const page = await CheckPage.open(browser(), proxy.url, waits)
  return { server, proxy, page }
}

async function leftAt(server: { readonly url: string }) {
  const [channels, stats] = await Promise.all(
    ['/v1/channels', '/v1/stats'].map(async (path) => (await fetch(server.url + path)).json()),
  )
  const { listeners, heldPolls, openStreams } = stats as Record<string, number>
  return { channels: (channels as { channels: unknown[] }).channels, listeners, heldPolls, openStreams }
}

const nothing = { channels: [], listeners: 0, heldPolls: 0, openStreams: 0 }

inBrowser('where nothing is wrong all four ways work, and nothing is left behind', async () => {
  const waits = { ...patient, 'idle-ms': 300, 'hold-seconds': 1, 'held-ms': 50 }
  const { server, page } = await checkThrough({}, waits)
  expect(await page.verdict()).toEqual({ verdict: 'works', sentence: 'All four ways work here.' })
  for (const check of ['short-poll', 'long-poll', 'sse', 'websocket', 'idle']) {
    expect(await page.finding(check)).toMatchObject({ verdict: 'works', advice: '' })
  }
  expect((await page.finding('short-poll')).evidence).toContain('bare 304, 3 times of 3')
  expect((await page.finding('long-poll')).evidence).toContain('to its end (204)')
  expect((await page.finding('sse')).evidence).toContain('came back with Last-Event-ID')
  expect(page.errors).toEqual([])
  expect((await page.finding('websocket')).evidence).toContain('The page came over HTTP/1.1.')
  await expect.poll(() => leftAt(server), { timeout: 30_000 }).toEqual(nothing)
})

inBrowser('over HTTP/1.1 the seventh stream waits until one closes, and all are closed again', async () => {
  const { server, page } = await checkThrough({}, { ...patient, only: 'connections' })
  const { verdict, evidence, advice } = await page.finding('connections')
  expect(verdict).toBe('works-with-trouble')
  expect(evidence).toContain(
    '6 of 7 event streams opened and the rest waited; when one was closed, another opened',
  )
  expect(evidence).toContain('HTTP/1.1')
  expect(advice).toContain('/v1/streams')
  await expect.poll(() => leftAt(server), { timeout: 30_000 }).toEqual(nothing)
})

inBrowser('over HTTP/2 seven streams open at once, and a socket has a connection of its own', async () => {
  const server = await startTlsServer()
  const page = await CheckPage.open(browser(), server.url, { ...patient, only: 'websocket,connections' })
  const connections = await page.finding('connections')
  expect(connections.verdict).toBe('works')
  expect(connections.evidence).toContain('All 7 event streams opened at once: HTTP/2')
  expect((await page.finding('websocket')).evidence).toContain('The page came over HTTP/2')
})

inBrowser.each<[string, Faults, Waits, string[]]>([
  [
    'an upgrade whose header is dropped arrives as an ordinary request',
    { upgrades: 'drop-header' },
    {},
    ['The upgrade was refused', 'counted 1 request for a WebSocket', 'dropped on the way'],
  ],
  [
    'an upgrade that is refused before the server never reaches it',
    { upgrades: 'refuse' },
    {},
    ['The upgrade was refused', 'It never reached the server', 'in its own words'],
  ],
  [
    'an upgrade that is swallowed hangs',
    { upgrades: 'swallow' },
    { 'opening-ms': 500 },
    ['the upgrade hangs', 'It never reached the server', 'in its own words'],
  ],
  [
    'a socket that opens and passes nothing',
    { upgrades: 'open-only' },
    { 'patience-ms': 500, only: 'websocket' },
    ['frames do not reach the server, and none comes from it'],
  ],
])('WebSocket: %s', async (_, faults, waits, words) => {
  const { page } = await checkThrough(faults, { ...patient, only: 'sse,websocket', ...waits })
  const { verdict, evidence, advice } = await page.finding('websocket')
  expect(verdict).toBe('broken')
  for (const each of words) expect(evidence).toContain(each)
  expect(advice).not.toBe('')
  expect((await page.verdict()).sentence).toMatch(/^WebSocket does not pass/)
})

inBrowser('a proxy that buffers is proven: the event arrives with the stream’s end', async () => {
  const { page } = await checkThrough(
    { buffers: true },
    { ...patient, 'patience-ms': 500, only: 'sse,short-poll' },
  )
  const { verdict, evidence, advice } = await page.finding('sse')
  expect(verdict).toBe('broken')
  expect(evidence).toContain('something on the way buffers')
  expect(advice).toContain('proxy_ignore_headers X-Accel-Buffering')
  expect((await page.verdict()).sentence).toBe('SSE does not pass: use short polling.')
})

inBrowser('event streams that nothing comes from are blocked, and not called buffered', async () => {
  const { page } = await checkThrough(
    { mutesEventStreams: true },
    { 'patience-ms': 500, 'proof-ms': 500, only: 'sse' },
  )
  const { verdict, evidence } = await page.finding('sse')
  expect(verdict).toBe('broken')
  expect(evidence).toContain('event streams do not get through')
})

inBrowser('a reader whose Last-Event-ID is dropped hears twice, which is told', async () => {
  const { page } = await checkThrough({ dropsRequestHeader: 'last-event-id' }, { ...patient, only: 'sse' })
  const { verdict, evidence } = await page.finding('sse')
  expect(verdict).toBe('works-with-trouble')
  expect(evidence).toContain('heard the same event 2 times')
})

inBrowser('connections that are cut while they are idle: which, and after how long', async () => {
  const { page, proxy } = await checkThrough({}, { ...patient, only: 'idle', 'idle-ms': 600_000 })
  await page.says('idle', 'Left idle')
  proxy.cutIdleAfter(100)
  const { verdict, evidence, advice } = await page.finding('idle')
  expect(verdict).toBe('works-with-trouble')
  expect(evidence).toMatch(/The WebSocket was cut after [\d.]+ m?s of silence/)
  expect(evidence).toMatch(/The event stream was cut after [\d.]+ m?s of silence/)
  expect(advice).toContain('proxy_read_timeout')
  expect(advice).toContain('--heartbeat-ms')
})

inBrowser('connections that look open and bring nothing are the worst, and told as such', async () => {
  const waits = { ...patient, only: 'idle', 'idle-ms': 50, 'proof-ms': 500 }
  const { page } = await checkThrough({ freezesAtPost: 2 }, waits)
  const { verdict, evidence } = await page.finding('idle')
  expect(verdict).toBe('broken')
  expect(evidence).toContain('The WebSocket still looks open after 50 ms of silence, but brings nothing.')
  expect(evidence).toContain('The event stream still looks open after 50 ms of silence, but brings nothing.')
})

inBrowser('heartbeats keep idle connections open, and are counted', async () => {
  const server = await startTestServer({ heartbeatMs: 100 })
  const proxy = await FaultProxy.before(server)
  const page = await CheckPage.open(browser(), proxy.url, { ...patient, only: 'idle', 'idle-ms': 1_500 })
  const { verdict, evidence } = await page.finding('idle')
  expect(verdict).toBe('works')
  expect(evidence).toMatch(/every 100 ms and keeps them open: the stream brought [1-9]\d* heartbeats?\./)
})

inBrowser('a held poll that is cut: with what and after how long, while news does come', async () => {
  const waits = { ...patient, only: 'long-poll', 'held-ms': 50, 'hold-seconds': 20 }
  const { page } = await checkThrough({ cutsHeldPollsAfterMs: 100 }, waits)
  const { verdict, evidence, advice } = await page.finding('long-poll')
  expect(verdict).toBe('works-with-trouble')
  expect(evidence).toContain('after the message was published')
  expect(evidence).toMatch(/cut with 504 after [\d.]+ m?s/)
  expect(advice).toContain('proxy_read_timeout')
})

inBrowser('a cache that gives out old answers is told from a server that does not answer', async () => {
  const { page } = await checkThrough({ servesStale: true }, { ...patient, only: 'short-poll' })
  const { verdict, evidence, advice } = await page.finding('short-poll')
  expect(verdict).toBe('broken')
  expect(evidence).toContain('a cache on the way gives out old answers')
  expect(advice).toContain('proxy_ignore_headers Cache-Control')
})

inBrowser('tags that are dropped make empty answers large, which is told', async () => {
  const { page } = await checkThrough({ dropsResponseHeader: 'etag' }, { ...patient, only: 'short-poll' })
  const { verdict, evidence, advice } = await page.finding('short-poll')
  expect(verdict).toBe('works-with-trouble')
  expect(evidence).toContain('0 were answered with a bare 304')
  expect(advice).toContain('ETag')
})

inBrowser('connections that are not kept are counted', async () => {
  const { page } = await checkThrough({ closesConnections: true }, { ...patient, only: 'short-poll' })
  const { verdict, evidence, advice } = await page.finding('short-poll')
  expect(verdict).toBe('works-with-trouble')
  expect(evidence).toMatch(/\d+ of 12 requests had to open a connection first/)
  expect(advice).toContain('keepalive_timeout')
})

inBrowser('where no channel can be made, nothing is said of the ways', async () => {
  const { page } = await checkThrough({ refusesMethod: 'PUT' }, { ...patient, only: 'sse,websocket' })
  expect(await page.verdict()).toEqual({ verdict: 'skipped', sentence: 'Nothing could be found out.' })
  expect((await page.finding('sse')).evidence).toContain('PUT was answered with 405, and not by the server')
})

inBrowser('a check that is cancelled ends at once, leaves nothing, and runs again', async () => {
  const { server, page } = await checkThrough({}, { ...patient, only: 'sse,idle', 'idle-ms': 600_000 })
  await page.says('idle', 'Left idle')
  await page.tab.getByRole('button', { name: 'Cancel' }).click()
  expect((await page.verdict()).sentence).toBe('Stopped before the end. So far: SSE works here.')
  await expect.poll(() => leftAt(server), { timeout: 30_000 }).toEqual(nothing)

  await page.tab.getByRole('button', { name: 'Check again' }).click()
  await page.says('idle', 'Left idle')
  expect(await page.tab.locator('[data-verdict-overall]').count()).toBe(0)
})

inBrowser('a page that is left removes its channels', async () => {
  const { server, page } = await checkThrough({}, { ...patient, only: 'idle', 'idle-ms': 600_000 })
  await page.says('idle', 'Left idle')
  expect((await leftAt(server)).channels).toHaveLength(1)
  await page.tab.goto('about:blank')
  await expect.poll(() => leftAt(server), { timeout: 30_000 }).toEqual(nothing)
})

inBrowser('the report can be copied and downloaded, and has each finding with its numbers', async () => {
  const { page, proxy } = await checkThrough({}, { ...patient, only: 'sse,websocket' })
  await page.verdict()
  await page.tab.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.tab.getByRole('button', { name: 'Copy as text' }).click()
  await page.tab.getByText('The report is copied.').waitFor({ state: 'attached' })
  const copied = await page.tab.evaluate(() => navigator.clipboard.readText())
  expect(copied).toContain('Server-Sent Events: works\n')
  expect(copied).toContain(`page     ${proxy.url}\n`)
  expect(copied).toContain('version  http/1.1\n')

  const downloading = page.tab.waitForEvent('download')
  await page.tab.getByRole('button', { name: 'Download JSON' }).click()
  const download = await downloading
  expect(download.suggestedFilename()).toMatch(/^tidings-network-check-\d{8}T\d{6}Z\.json$/)
  const report = JSON.parse(await readFile(await download.path(), 'utf8'))
  expect(report).toMatchObject({
    report: 'tidings-network-check',
    httpVersion: 'http/1.1',
    sentence: 'SSE and WebSocket work here.',
    findings: [
      { check: 'sse', verdict: 'works', facts: { comingBack: 'where-it-was', delayMs: expect.any(Number) } },
      { check: 'websocket', verdict: 'works', facts: { roundTripMs: expect.any(Number) } },
    ],
  })
})

inBrowser('how long connections are left idle is chosen, and stands in the address', async () => {
  const { page } = await checkThrough({}, { ...patient, only: 'websocket' })
  await page.verdict()
  await page.tab.getByRole('radio', { name: '1 minute' }).check()
  await page.tab.waitForURL(/idle-ms=60000/)
})

inBrowser('a screen reader and a keyboard find everything, in the light and in the dark', async () => {
  const { page } = await checkThrough({ upgrades: 'refuse' }, { ...patient, only: 'sse,websocket' })
  await page.verdict()
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.tab.emulateMedia({ colorScheme })
    await page.tab.evaluate(axe)
    const { violations } = await page.tab.evaluate(() =>
      (globalThis as unknown as { axe: typeof import('axe-core') }).axe.run(),
    )
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
  }
})
