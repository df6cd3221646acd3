import { readFile } from 'node:fs/promises'
import { ways } from '@tidings/protocol'
import { expect } from 'vitest'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { inBrowser, LabPage, useBrowser } from './lab-page.js'
import { LaneProxy } from './lane-proxy.js'

useBrowser()

inBrowser(
  'each lane hears every message, spoken or published, and none is lost, twice or out of order',
  async () => {
    const server = await startTestServer()
    const lab = await LabPage.open(`${server.url}/lab/?rate=20&burst=1&poll=200`)
    await lab.untilAll('messages', (count) => count >= 20)
    for (const way of ways) await lab.say(way, `from ${way}`)
    for (const way of ways) {
      const transcript = lab.lane(way).locator('details')
      await transcript.locator('summary').click()
      await transcript.locator('pre').getByText('S->').first().waitFor()
    }
    const before = await lab.metric('sse', 'messages')
    await lab.untilAll('messages', (count) => count >= before + 10)
    expect(await lab.tab.locator('.hop-status').textContent()).toBe('lost 0 · twice 0 · out of order 0')
  },
)

inBrowser(
  'a lane’s figures are those of a proxy that counts its bytes, and of the server itself',
  async () => {
    const server = await startTestServer()
    const proxy = await LaneProxy.before(server)
    // Nothing is published but what the lanes say: at the end no message is on its way.
    const lab = await LabPage.open(`${proxy.url}/lab/?rate=0&poll=200&hold=1`)
    const rounds = 5
    for (let round = 0; round < rounds; round++) for (const way of ways) await lab.say(way, `round ${round}`)
    await lab.untilAll('messages', (count) => count === rounds * ways.length)
    await lab.until('section[data-way="long-poll"]', 'empty-answers', (count) => count > 0)
    await lab.until('section[data-way="short-poll"]', 'empty-answers', (count) => count > 3)
    for (const way of ways) await lab.lane(way).getByRole('button', { name: 'Close from here' }).click()

    for (const way of ways) {
      // A poll that the page gave up was asked and is counted, as what the server had still to say of it is.
      const counts = proxy.lanes[way]
      const scope = `section[data-way="${way}"]`
      await lab.until(scope, 'bytes-up', (bytes) => bytes === counts.bytesUp)
      await lab.until(scope, 'bytes-down', (bytes) => bytes === counts.bytesDown)
      expect(await lab.metric(way, 'requests')).toBe(counts.requests)
      expect(await lab.metric(way, 'connections')).toBe(counts.connections)
      expect(counts.bytesDown).toBeGreaterThan(1_000)
    }
    // The reader on the line hears over SSE and the naive one on a socket: these two ways are the lanes' alone.
    const { ways: costs } = await statsOf(server).now()
    for (const way of ['short-poll', 'long-poll'] as const) {
      expect(await lab.metric(way, 'requests')).toBe(costs[way].requests + rounds)
      expect(await lab.metric(way, 'payload-bytes')).toBe(costs[way].payloadBytes)
      expect(await lab.metric(way, 'empty-answers')).toBe(costs[way].emptyAnswers)
    }
  },
)

inBrowser('a reader that hops while the line is cut loses nothing, and the naive socket does', async () => {
  const server = await startTestServer()
  const lab = await LabPage.open(`${server.url}/lab/?rate=50&burst=1`)
  await lab.tab.getByLabel('Hop at random').check()
  const hopper = lab.tab.locator('[data-reader="hopper"]')
  const hops = async () => Number(/(\d+) hops/.exec((await hopper.textContent()) ?? '')?.[1])
  const cut = lab.tab.getByRole('button', { name: 'Cut now' })
  while ((await hops()) < 6) {
    await cut.click()
    await lab.tab.waitForFunction(
      (before) =>
        Number(/(\d+) hops/.exec(document.querySelector('[data-reader="hopper"]')?.textContent ?? '')?.[1]) >
        before,
      await hops(),
    )
  }
  await lab.until('[data-reader="naive"]', 'lost', (lost) => lost > 0)
  expect(await lab.reader('hopper')).toEqual({ lost: 0, twice: 0, outOfOrder: 0 })
})

inBrowser(
  'each fault of the line does what it says, and the reader with an offset hears on all the same',
  async () => {
    const server = await startTestServer()
    const lab = await LabPage.open(`${server.url}/lab/?rate=50&burst=1`)
    const { tab } = lab
    const events = tab.locator('.line-events')
    const heard = async () => {
      const text = (await tab.locator('[data-reader="hopper"]').textContent()) ?? ''
      return Number(/([\d,]+) heard/.exec(text)?.[1]?.replaceAll(',', ''))
    }
    const hearsOn = async () => {
      const before = await heard()
      while ((await heard()) < before + 20) await lab.nextFigures()
    }
    const hopTo = (name: string) => tab.locator('[data-reader="hopper"]').getByLabel(name).check()

    await tab.getByLabel('Is refused').check()
    await hopTo('WebSocket')
    await events.getByText('hopper was refused its upgrade').first().waitFor()
    await tab.getByLabel('Hangs').check()
    await events.getByText('hopper waits for its upgrade').first().waitFor()
    await hopTo('Long poll')
    await hearsOn()
    await tab.getByLabel('Passes').check()
    await tab.getByLabel(/Buffer answers/).check()
    await hopTo('SSE')
    await events.getByText('hopper has its answer kept back').first().waitFor()
    await hopTo('Short poll')
    await hearsOn()
    await tab.getByLabel(/Buffer answers/).uncheck()
    await tab.getByRole('button', { name: /^Offline for/ }).click()
    await events.getByText('hopper found the line offline').first().waitFor()
    await hearsOn()
    expect(await lab.reader('hopper')).toEqual({ lost: 0, twice: 0, outOfOrder: 0 })
  },
)

inBrowser('both ends can close a lane, and it can be started again', async () => {
  const server = await startTestServer()
  const lab = await LabPage.open(`${server.url}/lab/?rate=20&burst=1`)
  for (const way of ways) {
    const lane = lab.lane(way)
    await lab.until(`section[data-way="${way}"]`, 'messages', (count) => count > 5)
    await lane.getByRole('button', { name: 'Close from the server' }).click()
    const before = await lab.metric(way, 'messages')
    await lab.until(`section[data-way="${way}"]`, 'messages', (count) => count > before + 5)
    await lane.getByRole('button', { name: 'Close from here' }).click()
    await lane.locator('.state[data-state="stopped"]').waitFor()
    await lane.getByRole('button', { name: 'Start' }).click()
    const stopped = await lab.metric(way, 'messages')
    await lab.until(`section[data-way="${way}"]`, 'messages', (count) => count > stopped + 5)
  }
  expect(await lab.metric('websocket', 'connections')).toBeGreaterThanOrEqual(3)
})

inBrowser('an arrow’s bytes are shown part by part, by keyboard too', async () => {
  const server = await startTestServer()
  const lab = await LabPage.open(`${server.url}/lab/?rate=5&burst=1`)
  await lab.untilAll('messages', (count) => count > 2)
  const seen: string[] = []
  for (const way of ways) {
    const canvas = lab.lane(way).locator('canvas')
    await canvas.focus()
    await canvas.press('Home')
    await canvas.press('ArrowDown')
    const panel = lab.tab.locator('.arrow-panel')
    await panel.waitFor()
    seen.push((await panel.textContent()) ?? '')
    await canvas.press('Escape')
    await panel.waitFor({ state: 'detached' })
  }
  for (const text of seen) expect(text).toMatch(/RFC 9112|RFC 6455|RFC 9110|HTML/)
})

inBrowser('the diagram, the measurements and the transcript can be taken along', async () => {
  const server = await startTestServer()
  const lab = await LabPage.open(`${server.url}/lab/?rate=20&burst=1`)
  await lab.untilAll('messages', (count) => count > 5)
  const save = async (name: string | RegExp) => {
    await lab.tab.locator('details.menu').evaluate((menu: HTMLDetailsElement) => {
      menu.open = true
    })
    const downloading = lab.tab.waitForEvent('download')
    await lab.tab.getByRole('button', { name }).first().click()
    const download = await downloading
    return readFile(await download.path())
  }
  expect((await save(/^SVG/)).toString()).toMatch(/^<svg[^>]*>[\s\S]*<title>[\s\S]*<\/svg>\s*$/)
  expect((await save(/^PNG/)).subarray(1, 4).toString()).toBe('PNG')
  const csv = (await save(/^CSV/)).toString()
  for (const way of ways) expect(csv).toContain(way)
  const json = JSON.parse((await save(/^JSON/)).toString())
  expect(JSON.stringify(json)).toContain('websocket')
  expect((await save(/^Text/)).toString()).toMatch(/\d\d:\d\d:\d\d C-> GET/)
})

inBrowser('the workload and what it is asked with stand in the address', async () => {
  const server = await startTestServer()
  const lab = await LabPage.open(`${server.url}/lab/`)
  await lab.tab.locator('.preset-select select').selectOption({ label: 'Stock ticker' })
  await lab.tab.waitForURL(/preset=/)
  const again = await LabPage.open(lab.tab.url())
  expect(await again.tab.locator('.preset-select select option:checked').textContent()).toBe('Stock ticker')
})

inBrowser('a server that stops is told of, and a new run can be begun', async () => {
  const server = await startTestServer()
  const lab = await LabPage.open(`${server.url}/lab/`)
  await server.close()
  await lab.tab.locator('.run-state[data-state="ended"]').waitFor()
})
