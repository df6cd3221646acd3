import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { connect } from '@tidings/client'
import { build } from 'esbuild'
import type { Page } from 'playwright-core'
import { renderToString } from 'react-dom/server'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { browserOfFile, hasChromium } from '../lab/browser.js'
import { createTestChannel } from '../support/channel.js'
import { startTestServer } from '../support/test-server.js'
import { page as serverPage, type Wish } from './page.js'

type InPage = { page: typeof serverPage }

const browser = browserOfFile()
const inBrowser = test.runIf(hasChromium)
let script = ''

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('./page.ts', import.meta.url))],
    bundle: true,
    format: 'iife',
    conditions: ['source'],
    define: { 'process.env.NODE_ENV': '"development"' },
    write: false,
  })
  script = outputFiles[0]?.text ?? ''
})

/** A page with React in its strict mode, and what goes over its WebSockets. */
class ReactPage {
  readonly tab: Page
  /** The channels that were subscribed to, in order. */
  readonly subscribed: string[] = []
  openSockets = 0

  constructor(tab: Page) {
    this.tab = tab
    tab.on('websocket', (socket) => {
      this.openSockets += 1
      socket.on('close', () => {
        this.openSockets -= 1
      })
      socket.on('framesent', ({ payload }) => {
        const { type, channel } = JSON.parse(String(payload))
        if (type === 'subscribe') this.subscribed.push(channel)
      })
    })
  }

  show(wish: Wish): Promise<void> {
    return this.tab.evaluate((wish) => (globalThis as unknown as InPage).page.show(wish), wish)
  }

  /** Waits until the component at this place, from 0, shows these messages. */
  async shows(place: number, ...messages: unknown[]): Promise<void> {
    const wanted = { place, text: messages.join() }
    await this.tab.waitForFunction(
      ({ place, text }) => document.querySelectorAll('p')[place]?.textContent === text,
      wanted,
      { polling: 'raf' },
    )
  }

  renderings() {
    return this.tab.evaluate(() => (globalThis as unknown as InPage).page.renderings())
  }

  publishers(name: string) {
    return this.tab.evaluate((name) => (globalThis as unknown as InPage).page.publishers(name), name)
  }

  /** Until no connection is left. */
  async isQuiet(): Promise<void> {
    while (this.openSockets > 0) await this.tab.evaluate(() => new Promise(requestAnimationFrame))
  }
}

/** @param wish rendered on the server first, and taken over by the page */
async function openWorld(wish?: Wish) {
  const server = await startTestServer()
  const cake = await createTestChannel(server)
  const bread = await createTestChannel(server, { channel: 'bread' })
  const tab = await browser().newPage()
  const react = new ReactPage(tab)
  const errors: string[] = []
  tab.on('pageerror', (error) => errors.push(String(error)))
  tab.on('console', (said) => said.type() === 'error' && errors.push(said.text()))
  onTestFinished(async () => {
    errors.push(...(await tab.evaluate(() => (globalThis as unknown as InPage).page.troubles())))
    await tab.close()
    expect(errors).toEqual([])
  })
  const html = `<!doctype html><link rel="icon" href="data:,"><main>${wish ? rendered(server.url, wish) : ''}</main>`
  await tab.goto(await startSite(html))
  await tab.addScriptTag({ content: script })
  await tab.evaluate(([url, wish]) => (globalThis as unknown as InPage).page.open(url, wish), [
    server.url,
    wish,
  ] as const)
  return { react, cake, bread }
}

/** @returns the address of this page, on loopback as the server is: what is further away may not open sockets to it */
async function startSite(html: string): Promise<string> {
  const site = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html', connection: 'close' }).end(html)
  })
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    site.closeAllConnections()
    site.close()
  })
  return `http://127.0.0.1:${(site.address() as AddressInfo).port}/`
}

/** As a server of React's does it. */
function rendered(server: string, wish: Wish): string {
  const tidings = connect(server)
  serverPage.use(tidings)
  const html = renderToString(serverPage.tree(wish))
  expect(tidings.state).toBe('idle')
  return html
}

const numbers = Array.from({ length: 1_000 }, (_, index) => index)

inBrowser('a component that is mounted twice subscribes once, and hears everything once', async () => {
  const { react, cake } = await openWorld()
  await cake.publish('a', 'b')
  await react.show({ names: ['cake'] })
  await react.shows(0, 'a', 'b')
  await cake.publish('c')
  await react.shows(0, 'a', 'b', 'c')
  expect(react.subscribed).toEqual(['cake'])
})

inBrowser('components of one channel share one subscription, until the last of them has gone', async () => {
  const { react, cake } = await openWorld()
  await cake.publish('a')
  await react.show({ names: ['cake', 'cake'] })
  await react.shows(0, 'a')
  await react.shows(1, 'a')
  await react.show({ names: ['cake', 'cake', 'cake'] })
  await react.shows(2, 'a')
  await react.show({ names: ['cake'] })
  await cake.publish('b')
  await react.shows(0, 'a', 'b')
  expect(react.subscribed).toEqual(['cake'])
  await react.show({ names: [] })
  await react.isQuiet()
})

inBrowser('who comes after the last has gone hears the channel as it begins', async () => {
  const { react, cake } = await openWorld()
  await cake.publish('a')
  await react.show({ names: ['cake'] })
  await react.shows(0, 'a')
  await react.show({ names: [] })
  await react.isQuiet()
  await cake.publish('b')
  await react.show({ names: ['cake'] })
  await react.shows(0, 'a', 'b')
  const texts = (await react.renderings()).map(({ messages }) => messages.join())
  expect(texts.lastIndexOf('')).toBeGreaterThan(texts.indexOf('a'))
  expect(react.subscribed).toEqual(['cake', 'cake'])
})

inBrowser('who comes in the turn that the last one has gone joins what it has left', async () => {
  const { react, cake } = await openWorld()
  await cake.publish('a')
  await react.show({ names: ['cake'] })
  await react.shows(0, 'a')
  await react.show({ names: ['cake'], isAnew: true })
  await cake.publish('b')
  await react.shows(0, 'a', 'b')
  expect(react.subscribed).toEqual(['cake'])
})

inBrowser('a channel that the page holds goes on where its last component left', async () => {
  const { react, cake } = await openWorld()
  await cake.publish('a')
  await react.show({ names: ['cake'], isHeld: true })
  await react.shows(0, 'a')
  await react.show({ names: [] })
  await react.isQuiet()
  await cake.publish('b')
  await react.show({ names: ['cake'], isHeld: true })
  await react.shows(0, 'a', 'b')
  const texts = (await react.renderings()).map(({ messages }) => messages.join())
  expect([...new Set(texts)]).toEqual(['', 'a', 'a,b'])
})

inBrowser('a component that is hidden hears nothing, and goes on when it is shown again', async () => {
  const { react, cake } = await openWorld()
  await cake.publish('a')
  await react.show({ names: ['cake'] })
  await react.shows(0, 'a')
  await react.show({ names: ['cake'], isHidden: true })
  await react.isQuiet()
  await cake.publish('b')
  await react.show({ names: ['cake'] })
  await react.shows(0, 'a', 'b')
  const texts = (await react.renderings()).map(({ messages }) => messages.join())
  expect([...new Set(texts)]).toEqual(['', 'a', 'a,b'])
})

inBrowser("another name shows the other channel at once, and nothing of the first one's", async () => {
  const { react, cake, bread } = await openWorld()
  await cake.publish('cake 1', 'cake 2')
  await bread.publish('bread 1')
  await react.show({ names: ['cake'] })
  await react.shows(0, 'cake 1', 'cake 2')
  await react.show({ names: ['bread'] })
  await react.shows(0, 'bread 1')
  await cake.publish('cake 3')
  await bread.publish('bread 2')
  await react.shows(0, 'bread 1', 'bread 2')
  for (const { name, messages } of await react.renderings()) {
    expect(messages.every((message) => String(message).startsWith(name))).toBe(true)
  }
  expect(react.subscribed).toEqual(['cake', 'bread'])
})

inBrowser('a rendering that never gets ready subscribes to nothing', async () => {
  const { react, cake } = await openWorld()
  await cake.publish('a')
  await react.show({ names: ['cake'] })
  await react.shows(0, 'a')
  await react.show({ names: ['cake', 'bread'], isNeverReady: true })
  await cake.publish('b')
  await react.shows(0, 'a', 'b')
  expect((await react.renderings()).some(({ name }) => name === 'bread')).toBe(true)
  expect(react.subscribed).toEqual(['cake'])
})

inBrowser('a thousand messages of one append are rendered together', async () => {
  const { react, cake } = await openWorld()
  await react.show({ names: ['cake'] })
  await react.tab.locator('p[data-state="hearing"]').waitFor({ state: 'attached' })
  const before = (await react.renderings()).length
  await cake.publish(...numbers)
  await react.shows(0, ...numbers)
  // The strict mode renders twice.
  expect((await react.renderings()).length - before).toBeLessThanOrEqual(2 * 4)
})

inBrowser('a thousand appends are rendered a few times, in order, each message once', async () => {
  const { react, cake } = await openWorld()
  await react.show({ names: ['cake'] })
  await Promise.all(numbers.map((number) => cake.publish(number)))
  await react.shows(0, ...numbers)
  const renderings = await react.renderings()
  for (const { messages } of renderings) expect(messages).toEqual(numbers.slice(0, messages.length))
  expect(renderings.length).toBeLessThanOrEqual(2 * 150)
})

inBrowser('publish is the same function in each rendering, and what it publishes comes', async () => {
  const { react } = await openWorld()
  await react.show({ names: ['cake'] })
  await react.tab.locator('p[data-state="hearing"]').dispatchEvent('click')
  await react.shows(0, 'mine')
  expect((await react.renderings()).length).toBeGreaterThan(2)
  // One of each mounting: the strict mode renders a component that it throws away.
  expect(await react.publishers('cake')).toBeLessThanOrEqual(2)
})

inBrowser('what a server has rendered, a browser takes over without a complaint', async () => {
  const { react, cake } = await openWorld({ names: ['cake'] })
  await cake.publish('a')
  await react.shows(0, 'a')
  expect(react.subscribed).toEqual(['cake'])
})

test('a server renders a channel empty, and asks for nothing', async () => {
  const { url } = await startTestServer()
  expect(rendered(url, { names: ['cake'] })).toContain('<p data-state="idle" title="cake"></p>')
})

inBrowser(
  'names that change faster than anything arrives end with the last one, and leave nothing',
  async () => {
    const { react, cake, bread } = await openWorld()
    await cake.publish('cake 1')
    await bread.publish('bread 1')
    for (let round = 0; round < 20; round++) await react.show({ names: [round % 2 ? 'bread' : 'cake'] })
    await react.shows(0, 'bread 1')
    await cake.publish('cake 2')
    await bread.publish('bread 2')
    await react.shows(0, 'bread 1', 'bread 2')
    for (const { name, messages } of await react.renderings()) {
      expect(messages.every((message) => String(message).startsWith(name))).toBe(true)
    }
    await react.show({ names: ['cake'] })
    await react.show({ names: [] })
    await react.isQuiet()
  },
)

inBrowser('a component that goes while it connects leaves no connection', async () => {
  const { react } = await openWorld()
  for (let round = 0; round < 10; round++) {
    await react.show({ names: ['cake'] })
    await react.show({ names: [] })
  }
  await react.isQuiet()
  const before = (await react.renderings()).length
  await react.tab.evaluate(() => new Promise((resolve) => setTimeout(resolve, 200)))
  expect((await react.renderings()).length).toBe(before)
  expect(react.openSockets).toBe(0)
})
