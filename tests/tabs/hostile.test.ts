import { createChannel, deleteChannel, postPublisher } from '@tidings/client/ways'
import { describe, expect, test } from 'vitest'
import { hasChromium, openShop, type PageWorld } from './browser.js'

const cakeAlone = { channels: ['cake'], offset: '-1' }

describe.runIf(hasChromium)('tabs of one origin, ill-treated,', () => {
  test('hear on whatever others say on their air', async () => {
    const shop = await openShop(['cake'])
    const tabs = [await shop.open(cakeAlone), await shop.open(cakeAlone)]
    for (const tab of tabs) await tab.isOn('websocket')
    const stranger = await shop.open({ channels: [], offset: 'now' })
    await stranger.page.evaluate((server) => {
      const air = new BroadcastChannel(`tidings 1 ${server}  `)
      const words = [
        ...[null, 7, 'word', {}, [null], ['word'], [{}], [[]]],
        [{ term: 'later', type: 'status' }],
        [{ term: Number.NaN, type: 'news', channel: 'cake' }],
        [{ type: 'hear' }],
        [{ type: 'leave', tab: 'nobody', channel: 'nothing' }],
        [{ term: 1e300, type: 'status', count: 0, status: {} }],
        [{ term: 1e300, type: 'news', channel: 'cake', entries: [{ at: 'x', envelope: { type: 'data' } }] }],
        [{ term: Date.now() + 1e6, type: 'news', channel: 'cake', entries: 7 }],
      ]
      for (const word of words) air.postMessage(word)
    }, shop.server.url)
    await shop.publishers.cake?.publish([1, 2])
    for (const tab of tabs) await tab.hears('cake', 2)
    await shop.publishers.cake?.publish([3])
    for (const tab of tabs) {
      await tab.hears('cake', 3)
      expect(await tab.heard('cake')).toEqual([1, 2, 3])
      expect((await tab.told()).errors).toEqual([])
    }
  })

  test('leave no lock and no connection when they come and go fifty times at once', async () => {
    const shop = await openShop(['cake'])
    const tab = await shop.open({ channels: [], offset: '-1' })
    await shop.publishers.cake?.publish([1])
    const other = await shop.open(cakeAlone)
    await other.hears('cake', 1)
    await other.page.evaluate(async () => {
      const world = globalThis as unknown as PageWorld
      for (let round = 0; round < 50; round++) {
        const leave = new AbortController()
        const hearing = world.hear('cake', { offset: '-1', signal: leave.signal })
        await new Promise((resolve) => setTimeout(resolve, (round * 7) % 130))
        leave.abort()
        await hearing
      }
      world.tidings.close()
    })
    const locks = () =>
      tab.page.evaluate(async () => {
        const { held = [], pending = [] } = await navigator.locks.query()
        return [...held, ...pending].filter(({ name }) => name?.startsWith('tidings')).length
      })
    await expect.poll(locks).toBe(0)
    await expect.poll(shop.sockets).toBe(0)
    await expect.poll(shop.listeners).toBe(0)
  })

  test('hear two hundred channels over one connection', async () => {
    const channels = Array.from({ length: 200 }, (_, index) => `cake-${index}`)
    const shop = await openShop(channels)
    const tabs = [await shop.open({ channels, offset: '-1' }), await shop.open({ channels, offset: 'now' })]
    for (const tab of tabs) await tab.isOn('websocket')
    await expect.poll(shop.listeners, { timeout: 10_000 }).toBe(200)
    await Promise.all(channels.map((channel) => shop.publishers[channel]?.publish([1])))
    for (const tab of tabs) {
      for (const channel of channels) await tab.hears(channel, 1)
      expect((await tab.told()).errors).toEqual([])
    }
    expect(await shop.sockets()).toBe(1)
  })

  test('hear bytes as they are, each once, also from within what came together', async () => {
    const shop = await openShop(['cake'])
    const address = { server: shop.server.url, channel: 'bytes' }
    const contentType = 'application/octet-stream'
    await createChannel(address, { contentType })
    const publisher = postPublisher(address, { contentType })
    await publisher.publish([Uint8Array.of(0, 255), Uint8Array.of(7)])
    const bytes = { channels: ['bytes'], offset: '-1' }
    const tabs = [await shop.open(bytes), await shop.open(bytes)]
    for (const tab of tabs) await tab.isOn('websocket')
    await publisher.publish([Uint8Array.of(1, 2, 3), Uint8Array.of(4)])
    await publisher.stop()
    const heard = () =>
      Promise.all(
        tabs.map((tab) =>
          tab.page.evaluate(() =>
            (globalThis as unknown as PageWorld).told.heard.bytes?.map(({ data }) => [
              ...(data as unknown as Uint8Array),
            ]),
          ),
        ),
      )
    const all = [[0, 255], [7], [1, 2, 3], [4]]
    await expect.poll(heard, { timeout: 10_000 }).toEqual([all, all])
  })

  test('are each told that the channel was made anew, and go on where each has chosen', async () => {
    const shop = await openShop(['cake'])
    const tabs = [await shop.open(cakeAlone), await shop.open(cakeAlone)]
    for (const tab of tabs) await tab.isOn('websocket')
    await shop.publishers.cake?.publish([1])
    for (const tab of tabs) await tab.hears('cake', 1)
    const offset = (await tabs[0]?.told())?.heard.cake?.[0]?.offset as string
    const address = { server: shop.server.url, channel: 'cake' }
    await deleteChannel(address)
    const errors = () => Promise.all(tabs.map(async (tab) => (await tab.told()).errors))
    const each = (...codes: string[]) => expect.poll(errors, { timeout: 10_000 }).toEqual([codes, codes])
    await each('channel-unknown')
    await createChannel(address)
    const publisher = postPublisher(address)
    await publisher.publish([7])
    const hear = (onGap: 'earliest' | 'stop') =>
      Promise.all(
        tabs.map((tab) =>
          tab.page.evaluate(
            ([offset, choice]) => {
              const { hear } = globalThis as unknown as PageWorld
              void hear('cake', { offset, onGap: () => choice })
            },
            [offset, onGap] as const,
          ),
        ),
      )
    await hear('stop')
    await each('channel-unknown', 'history-changed')
    await hear('earliest')
    for (const tab of tabs) await tab.hears('cake', 7)
    await publisher.publish([8])
    for (const tab of tabs) {
      await tab.hears('cake', 8)
      expect(await tab.heard('cake')).toEqual([7, 8])
    }
    await publisher.stop()
  })
})
