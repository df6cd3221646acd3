import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { pick, randomOf, seedOfRun } from '../support/random.js'
import { startTestServer, temporaryFolder } from '../support/test-server.js'
import { hasChromium, leaderOf, openShop, type Shop, type Tab } from './browser.js'

const channels = ['cake', 'tea']
const fromTheBeginning = { channels, offset: '-1' }

/** Loose, for machines that are busy: the measured figures are printed. */
const longestSilenceMs = 10_000

/** Publishes a number to each channel, again and again. */
function publishSteadily({ publishers }: Shop, everyMs: number) {
  let count = 0
  const acknowledged: Promise<unknown>[] = []
  const timer = setInterval(() => {
    count += 1
    for (const publisher of Object.values(publishers)) acknowledged.push(publisher.publish([count]))
  }, everyMs)
  return {
    /** @returns the last number */
    async stop(): Promise<number> {
      clearInterval(timer)
      await Promise.all(acknowledged)
      return count
    },
  }
}

/** The longest time without a message after `fromMs`, milliseconds. */
async function silenceMs(tab: Tab, fromMs: number): Promise<number> {
  const { heard } = await tab.told()
  const times = (heard.cake ?? []).map(({ atMs }) => atMs)
  const last = times.findLastIndex((atMs) => atMs < fromMs)
  return Math.max(...times.slice(last + 1).map((atMs, index) => atMs - (times[last + index] ?? fromMs)))
}

async function crash({ page }: Tab): Promise<void> {
  const devtools = await page.context().newCDPSession(page)
  const isCrashed = page.waitForEvent('crash')
  devtools.send('Page.crash').catch(() => {})
  await isCrashed
  await page.close()
}

const ends = {
  close: ({ page }: Tab) => page.close(),
  crash,
  leave: async ({ page }: Tab) => {
    await page.goto('about:blank')
    await page.close()
  },
}

async function hearAll(tabs: readonly Tab[], count: number): Promise<void> {
  const all = Array.from({ length: count }, (_, index) => index + 1)
  for (const tab of tabs) {
    for (const channel of channels) {
      await tab.hears(channel, count)
      expect(await tab.heard(channel)).toEqual(all)
    }
    expect((await tab.told()).errors).toEqual([])
  }
}

describe.runIf(hasChromium)('when the leader goes', () => {
  // More rounds: ROUNDS=50 npx vitest run tests/tabs. The same once more: SEED=<the seed that was printed>.
  const rounds = Number(process.env.ROUNDS ?? 6)

  test('again and again, no tab loses, repeats or reorders a message', {
    timeout: 60_000 + rounds * 10_000,
  }, async () => {
    const seed = seedOfRun()
    const random = randomOf(seed)
    const shop = await openShop(channels)
    const silences: string[] = []
    const tabs = [await shop.open(fromTheBeginning), await shop.open(fromTheBeginning)]
    const publishing = publishSteadily(shop, 10)
    for (let round = 0; round < rounds; round++) {
      tabs.push(await shop.open(fromTheBeginning))
      await pause(random() * 1_000)
      const leader = await leaderOf(tabs)
      tabs.splice(tabs.indexOf(leader), 1)
      const end = pick(random, ['close', 'crash', 'leave'] as const)
      const goneAtMs = Date.now()
      await ends[end](leader)
      const next = await leaderOf(tabs)
      await next.isOn('websocket')
      await pause(200)
      for (const tab of tabs) {
        const ms = await silenceMs(tab, goneAtMs)
        silences.push(`${end} ${ms}`)
        expect(ms, `SEED=${seed}, ${end}`).toBeLessThan(longestSilenceMs)
      }
    }
    const count = await publishing.stop()
    console.log(`SEED=${seed}: ${count} messages, silent for ms: ${silences.join(', ')}`)
    await hearAll(tabs, count)
    await expect.poll(shop.listeners).toBe(channels.length)
  })

  test('is not there for 6 s, another takes over, and it follows afterwards', async () => {
    const shop = await openShop(channels)
    const tabs = [
      await shop.open(fromTheBeginning),
      await shop.open(fromTheBeginning),
      await shop.open(fromTheBeginning),
    ]
    const leader = await leaderOf(tabs)
    for (const tab of tabs) await tab.isOn('websocket')
    const others = tabs.filter((tab) => tab !== leader)
    const publishing = publishSteadily(shop, 10)
    const hungAtMs = Date.now()
    const isBack = leader.page.evaluate(() => {
      const endMs = Date.now() + 6_000
      while (Date.now() < endMs);
    })
    const next = await leaderOf(others)
    const takenAfterMs = Date.now() - hungAtMs
    await next.isOn('websocket')
    await pause(200)
    const silences = await Promise.all(others.map((tab) => silenceMs(tab, hungAtMs)))
    console.log(`hung: replaced after ${takenAfterMs} ms, silent for ms: ${silences.join(', ')}`)
    // It hangs for 6 s: by then it would come back by itself.
    for (const ms of [takenAfterMs, ...silences]) expect(ms).toBeLessThan(5_500)
    await isBack
    await pause(500)
    const count = await publishing.stop()
    await hearAll(tabs, count)
    expect(await leader.leads()).toBe(false)
    await expect.poll(shop.sockets).toBe(1)
    await expect.poll(shop.listeners).toBe(channels.length)
  })

  test('is put into the back/forward cache, another takes over, and it catches up when it is back', async () => {
    const shop = await openShop(channels)
    const tabs = [await shop.open(fromTheBeginning), await shop.open(fromTheBeginning)]
    const leader = await leaderOf(tabs)
    for (const tab of tabs) await tab.isOn('websocket')
    const publishing = publishSteadily(shop, 10)
    const address = leader.page.url()
    await leader.page.goto(`${shop.site}elsewhere`)
    const next = await leaderOf(tabs.filter((tab) => tab !== leader))
    await next.isOn('websocket')
    await leader.page.goBack({ waitUntil: 'commit' })
    expect(leader.page.url()).toBe(address)
    await pause(200)
    const count = await publishing.stop()
    await hearAll(tabs, count)
    // It was the same page, put aside, and not one that was loaded anew.
    expect((await leader.told()).states).toContain('suspended')
  })
})

test.runIf(hasChromium)(
  'when the server goes, all tabs wait for it, one asks, and they go on when it is back',
  async () => {
    const settings = { engine: 'disk', data: await temporaryFolder() } as const
    const shop = await openShop(channels, settings)
    const tabs = [
      await shop.open(fromTheBeginning),
      await shop.open(fromTheBeginning),
      await shop.open(fromTheBeginning),
    ]
    for (const publisher of Object.values(shop.publishers)) await publisher.publish([1])
    const leader = await leaderOf(tabs)
    for (const tab of tabs) await tab.isOn('websocket')
    await shop.server.close()
    for (const tab of tabs) await tab.is('waiting')
    const port = Number(new URL(shop.server.url).port)
    await startTestServer({ ...settings, port, longPollMs: 5_000 })
    for (const publisher of Object.values(shop.publishers)) await publisher.publish([2])
    for (const tab of tabs) await tab.is('open')
    await hearAll(tabs, 2)
    expect(await leader.leads()).toBe(true)
  },
)
