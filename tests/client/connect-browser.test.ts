import { createChannel, postPublisher } from '@tidings/client/ways'
import { type Browser, chromium, type Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { findProgram, requirement } from '../support/requirements.js'
import { startTestServer } from '../support/test-server.js'
import { startSite } from './support/site.js'

const executablePath = findProgram('chromium', 'chromium-browser', 'google-chrome')
const hasChromium = requirement('Chromium', executablePath !== undefined, 'the client in a real browser')

/** Hears `cake` of the server that the page's hash names, from its beginning, and keeps what it heard. */
const script = `
  import { connect } from '@tidings/client'
  const tidings = connect(location.hash.slice(1))
  globalThis.told = { heard: [], ways: [], states: [], waits: [], error: undefined }
  tidings.addEventListener('way', ({ detail }) => told.ways.push(detail.way))
  tidings.addEventListener('state', ({ detail }) => {
    told.states.push(detail.state)
    if (detail.state === 'waiting') told.waits.push({ code: detail.error.code, message: detail.error.message })
  })
  try {
    for await (const n of tidings.channel('cake', { offset: '-1' })) told.heard.push(n)
  } catch (error) {
    told.error = { code: error.code, message: error.message }
  }`

interface Told {
  heard: number[]
  ways: string[]
  states: string[]
  waits: { code: string; message: string }[]
  error: { code: string; message: string } | undefined
}

const told = (page: Page) => page.evaluate(() => (globalThis as unknown as { told: Told }).told)

async function launch(): Promise<Browser> {
  const browser = await chromium.launch({
    ...(executablePath && { executablePath }),
    // A page of a public site may not ask a loopback address; the tests' servers have no other.
    args: ['--no-sandbox', '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests'],
    // Playwright turns the back/forward cache off.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })
  onTestFinished(() => browser.close())
  return browser
}

async function shop(options: Parameters<typeof startTestServer>[0] = {}) {
  const server = await startTestServer({ longPollMs: 2_000, ...options })
  const address = { server: server.url, channel: 'cake' }
  await createChannel(address)
  const publisher = postPublisher(address)
  onTestFinished(() => publisher.stop())
  return { server, publisher }
}

const heardAll = (count: number) => (globalThis as unknown as { told: Told }).told?.heard.length === count

test.runIf(hasChromium)(
  'a page moves up to a WebSocket, and comes back from the back/forward cache without a gap',
  async () => {
    const { server, publisher } = await shop()
    const site = await startSite(script)
    const page = await (await launch()).newPage()
    await page.goto(`${site}#${server.url}`)
    await publisher.publish([1, 2])
    await page.waitForFunction(() =>
      (globalThis as unknown as { told: Told }).told?.ways.includes('websocket'),
    )
    await publisher.publish([3])
    await page.waitForFunction(heardAll, 3)
    await page.goto(`${site}elsewhere`)
    await publisher.publish([4, 5])
    await page.goBack({ waitUntil: 'commit' })
    await page.waitForFunction(heardAll, 5)
    const { heard, states } = await told(page)
    expect(heard).toEqual([1, 2, 3, 4, 5])
    // It was the same page, put aside, and not one that was loaded anew.
    expect(states).toContain('suspended')
  },
)

test.runIf(hasChromium)('a page that is not let in is told what to configure', async () => {
  const { server } = await shop({ host: '127.0.0.1' })
  const page = await (await launch()).newPage()
  // Any origin but a loopback one: the browser finds it here, the server does not know that.
  await page.route('http://shop.example/**', async (route) => {
    const answer = await fetch((await startSite(script)) + new URL(route.request().url()).pathname.slice(1))
    await route.fulfill({
      status: answer.status,
      contentType: answer.headers.get('content-type') ?? '',
      body: await answer.text(),
    })
  })
  await page.goto(`http://shop.example/#${server.url}`)
  await page.waitForFunction(() => (globalThis as unknown as { told: Told }).told?.waits.length > 0)
  const { waits, error } = await told(page)
  expect(waits[0]?.code).toBe('connection-failed')
  expect(waits[0]?.message).toContain('--allow-origin http://shop.example')
  // A browser does not tell a refusal from a network that is gone: it is asked again.
  expect(error).toBeUndefined()
})
