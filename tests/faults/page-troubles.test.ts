import { setTimeout as pause } from 'node:timers/promises'
import { closeChannel } from '@tidings/client/ways'
import { expect, test } from 'vitest'
import { browserOfFile, hasChromium } from '../lab/browser.js'
import { createTestChannel } from '../support/channel.js'
import { FaultProxy } from '../support/fault-proxy/index.js'
import { startTestServer } from '../support/test-server.js'
import type { Habit } from './live.js'
import { inPage } from './page.js'

// What browsers do otherwise than Node: they hide answers that have no CORS headers, keep what a socket has not sent in
// another account, and give nothing up by themselves.

const browser = browserOfFile()

/** A page's client that hears one channel over a network of its own. */
async function settle(ways?: Habit['ways']) {
  const server = await startTestServer({ longPollMs: 1_500, heartbeatMs: 1_000 })
  const proxy = await FaultProxy.before(server)
  const channel = await createTestChannel(server)
  const live = await inPage(browser())
  const habit: Habit = {
    ...{ name: 'page', url: proxy.url, channels: [channel.channel], offset: '-1' },
    ...{ isSlow: false, leavesAfter: 0, publishes: 0, chances: [0.5] },
    ...(ways && { ways }),
  }
  const start = () => live(habit, () => {})
  /** Publishes one more, ends the channel, and expects that the client has heard so many messages and no error. */
  const expectHeard = async (life: Awaited<ReturnType<typeof start>>, count: number) => {
    await channel.publish('the last')
    await closeChannel(channel)
    await life.ended
    const { trouble, hearings } = await life.account()
    expect(trouble).toEqual([])
    expect(hearings[0]?.sightings.length).toBe(count)
  }
  return { proxy, channel, start, expectHeard }
}

test.runIf(hasChromium)(
  'a page whose first answers come from a proxy that knows nothing of CORS goes on when the server is back',
  async () => {
    const { proxy, start, expectHeard } = await settle()
    proxy.set({ answer: { status: 503 } })
    const life = await start()
    while (proxy.requests.length < 8) await pause(10)
    proxy.clear()
    await expectHeard(life, 1)
  },
)

test.runIf(hasChromium)('a page whose first answers are lost asks again', async () => {
  const { proxy, start, expectHeard } = await settle('long-poll')
  proxy.set({ halfOpen: 'down' })
  const life = await start()
  while (proxy.requests.length < 2) await pause(10)
  const { lostBytes } = proxy
  while (proxy.lostBytes === lostBytes) await pause(10)
  proxy.clear()
  await expectHeard(life, 1)
})

test.runIf(hasChromium)('a page notices that its WebSocket is half open, and replaces it', async () => {
  const { proxy, channel, start, expectHeard } = await settle('websocket')
  const life = await start()
  await channel.publish('the first')
  while ((await life.account()).hearings[0]?.sightings.length !== 1) await pause(10)
  proxy.set({ halfOpen: 'down' })
  while (proxy.lostBytes === 0) await pause(10)
  proxy.clear()
  await expectHeard(life, 2)
})
