import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { hasChromium, leaderOf, openShop, type PageWorld } from './browser.js'

const fromTheBeginning = { channels: ['cake', 'tea'], offset: '-1' }
const cakeAlone = { channels: ['cake'], offset: '-1' }

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

describe.runIf(hasChromium)('tabs of one origin', () => {
  test('hear the same channels over one connection, on which each channel is once', async () => {
    const shop = await openShop(['cake', 'tea'])
    const tabs = [
      await shop.open(fromTheBeginning),
      await shop.open(fromTheBeginning),
      await shop.open(fromTheBeginning),
    ]
    await shop.publishers.cake?.publish([1, 2])
    await shop.publishers.tea?.publish([1])
    for (const tab of tabs) {
      await tab.isOn('websocket')
      await tab.hears('cake', 2)
      await tab.hears('tea', 1)
    }
    await expect.poll(shop.listeners).toBe(2)
    expect(await shop.sockets()).toBe(1)
    // Nobody polls beside it any more.
    const polls = await shop.shortPolls()
    await pause(1_500)
    expect(await shop.shortPolls()).toBe(polls)
    await shop.publishers.cake?.publish([3])
    for (const tab of tabs) {
      await tab.hears('cake', 3)
      expect(await tab.heard('cake')).toEqual([1, 2, 3])
      expect(await tab.heard('tea')).toEqual([1])
      const { ways, states, errors } = await tab.told()
      expect(ways.at(-1)).toEqual({ way: 'websocket', reason: ways.length > 1 ? 'proved' : 'first' })
      expect(states.at(-1)).toBe('open')
      expect(errors).toEqual([])
    }
  })

  test('may come late: one with an old offset catches up, and hears on with the others', async () => {
    const shop = await openShop(['cake'])
    const first = await shop.open(cakeAlone)
    for (const message of upTo(5)) await shop.publishers.cake?.publish([message])
    await first.hears('cake', 5)
    const offset = (await first.told()).heard.cake?.[1]?.offset as string
    const late = await shop.open({ channels: ['cake'], offset })
    await late.hears('cake', 5)
    await late.isOn('websocket')
    await shop.publishers.cake?.publish([6, 7])
    for (const tab of [first, late]) await tab.hears('cake', 7)
    expect(await late.heard('cake')).toEqual([3, 4, 5, 6, 7])
    expect(await first.heard('cake')).toEqual(upTo(7))
    await expect.poll(shop.listeners).toBe(1)
    expect(await shop.sockets()).toBe(1)
  })

  test('that are closed take along what they alone heard, and with the last one the connection ends', async () => {
    const shop = await openShop(['cake', 'tea'])
    const tabs = [await shop.open(cakeAlone), await shop.open(fromTheBeginning)] as const
    await tabs[1].isOn('websocket')
    await expect.poll(shop.listeners).toBe(2)
    expect(await leaderOf(tabs)).toBe(tabs[0])
    await tabs[1].page.close()
    await expect.poll(shop.listeners).toBe(1)
    await shop.publishers.cake?.publish([1])
    await tabs[0].hears('cake', 1)
    await tabs[0].page.close()
    await expect.poll(shop.listeners).toBe(0)
    await expect.poll(shop.sockets).toBe(0)
  })

  test('follow another one when the leader hears no more, without its page being closed', async () => {
    const shop = await openShop(['cake'])
    const tabs = [await shop.open(cakeAlone), await shop.open(cakeAlone)] as const
    expect(await leaderOf(tabs)).toBe(tabs[0])
    for (const tab of tabs) await tab.isOn('websocket')
    await tabs[0].page.evaluate(() => (globalThis as unknown as PageWorld).tidings.close())
    expect(await leaderOf(tabs)).toBe(tabs[1])
    await shop.publishers.cake?.publish([1])
    await tabs[1].hears('cake', 1)
    await expect.poll(shop.sockets).toBe(1)
    expect(await tabs[0].heard('cake')).toEqual([])
    expect((await tabs[0].told()).errors).toEqual([])
  })

  test('do not wait for a slow one, which takes the rest when it comes to it', async () => {
    const shop = await openShop(['cake'])
    const quick = await shop.open(cakeAlone)
    const slow = await shop.open({ channels: [], offset: '-1' })
    await slow.page.evaluate(() => {
      const world = globalThis as unknown as PageWorld
      world.pause = new Promise((resolve) => {
        world.goOn = resolve
      })
      void world.hear('cake', { offset: '-1', maxQueuedLength: 500 })
    })
    for (const message of upTo(100)) await shop.publishers.cake?.publish([message])
    await quick.hears('cake', 100)
    expect((await slow.heard('cake')).length).toBeLessThan(2)
    await slow.page.evaluate(() => (globalThis as unknown as PageWorld).goOn?.())
    await slow.hears('cake', 100)
    await shop.publishers.cake?.publish([101])
    for (const tab of [quick, slow]) {
      await tab.hears('cake', 101)
      expect(await tab.heard('cake')).toEqual(upTo(101))
    }
  })

  test('are each told what is wrong with a channel, and that it was closed', async () => {
    const shop = await openShop(['cake'])
    const hearing = { channels: ['cake', 'nothing'], offset: '-1' }
    const tabs = [await shop.open(hearing), await shop.open(hearing)]
    for (const tab of tabs) await tab.isOn('websocket')
    await shop.publishers.cake?.publish([1], { close: true })
    for (const tab of tabs) {
      await tab.hears('cake', 1)
      expect((await tab.told()).errors).toEqual(['channel-unknown'])
    }
    // Nothing is heard any more.
    await expect.poll(shop.listeners).toBe(0)
    await expect.poll(shop.sockets).toBe(0)
  })

  test('use the ways of the leader, and share with their own group alone', async () => {
    const shop = await openShop(['cake'])
    const polling = { ...cakeAlone, shared: { ways: 'long-poll', group: 'ada' } } as const
    const ada = [await shop.open(polling), await shop.open({ ...cakeAlone, shared: { group: 'ada' } })]
    const bob = await shop.open({ ...cakeAlone, shared: { group: 'bob' } })
    for (const tab of ada) await tab.isOn('long-poll')
    await bob.isOn('websocket')
    await shop.publishers.cake?.publish([1])
    for (const tab of [...ada, bob]) {
      await tab.hears('cake', 1)
      expect(await tab.heard('cake')).toEqual([1])
    }
    expect(await shop.sockets()).toBe(1)
  })

  test('have a connection each where the browser has no locks', async () => {
    const shop = await openShop(['cake'])
    await shop.context.addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }))
    const tabs = [await shop.open(cakeAlone), await shop.open(cakeAlone)]
    for (const tab of tabs) await tab.isOn('websocket')
    await shop.publishers.cake?.publish([1])
    for (const tab of tabs) await tab.hears('cake', 1)
    expect(await shop.sockets()).toBe(2)
  })
})
