import { chromium } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { findProgram, requirement } from '../support/requirements.js'
import { startTestServer } from '../support/test-server.js'
import { startSite } from './support/site.js'

const executablePath = findProgram('chromium', 'chromium-browser', 'google-chrome')
const hasChromium = requirement('Chromium', executablePath !== undefined, 'the client in a real browser')

const script = `import * as tidings from '@tidings/client/ways'; globalThis.tidings = tidings`

/** Runs in the page: no closure reaches it. */
async function hearEveryWay(server: string) {
  const { tidings } = globalThis as unknown as { tidings: typeof import('@tidings/client/ways') }
  const { createChannel, postPublisher, read, socketPublisher } = tidings
  const address = { server, channel: 'cake' }
  await createChannel(address)
  const publishers = [postPublisher(address), socketPublisher(address)]
  const heard: Record<string, unknown[]> = {}
  let hopper = '-1'
  const hopped: unknown[] = []
  for (const [index, way] of (['short-poll', 'long-poll', 'sse', 'websocket'] as const).entries()) {
    await publishers[index % 2]?.publish([way])
    const messages: unknown[] = []
    for await (const batch of read(address, { way, intervalMs: 20 })) {
      messages.push(...batch.messages)
      if (messages.length > index) break
    }
    heard[way] = messages
    for await (const batch of read(address, { way, offset: hopper, intervalMs: 20 })) {
      hopped.push(...batch.messages)
      hopper = batch.nextOffset
      if (hopped.length > index) break
    }
  }
  // Empty answers with their tags pass through the browser's own cache handling.
  const statuses: number[] = []
  let sawEnough = () => {}
  const enough = new Promise<void>((resolve) => {
    sawEnough = resolve
  })
  const counting = async (url: URL | string, init?: RequestInit) => {
    const response = await fetch(url, init)
    if (statuses.push(response.status) === 3) sawEnough()
    return response
  }
  const options = { way: 'short-poll', offset: hopper, intervalMs: 5, fetch: counting } as const
  const polling = read(address, options)[Symbol.asyncIterator]()
  await polling.next()
  const next = polling.next()
  await enough
  await publishers[0]?.publish(['late'])
  const late = (await next).value
  await polling.return?.()
  const problem = await read({ server, channel: 'nowhere' }, { way: 'sse' })
    [Symbol.asyncIterator]()
    .next()
    .catch((error: { code: string }) => error.code)
  await Promise.all(publishers.map((publisher) => publisher.stop()))
  return { heard, hopped, statuses: statuses.slice(0, 3), late: late?.messages, problem }
}

test.runIf(hasChromium)('a page of another origin hears all four ways, hops, and publishes', async () => {
  const server = await startTestServer({ longPollMs: 500 })
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  onTestFinished(() => browser.close())
  const tab = await browser.newPage()
  const trouble: string[] = []
  tab.on('pageerror', (error) => trouble.push(error.message))
  await tab.goto(await startSite(script))
  await tab.waitForFunction(() => 'tidings' in globalThis)

  const all = ['short-poll', 'long-poll', 'sse', 'websocket']
  expect(await tab.evaluate(hearEveryWay, server.url)).toEqual({
    heard: Object.fromEntries(all.map((way, index) => [way, all.slice(0, index + 1)])),
    hopped: all,
    statuses: [200, 304, 304],
    late: ['late'],
    problem: 'channel-unknown',
  })
  expect(trouble).toEqual([])
})
