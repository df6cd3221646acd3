import { describe, expect, test } from 'vitest'
import { hasChromium, openShop } from './browser.js'

describe.runIf(hasChromium)('tabs of one origin', () => {
  test('hear the same channels over one connection, on which each channel is once', async () => {
    const shop = await openShop(['cake', 'tea'])
    const hearing = { channels: ['cake', 'tea'], offset: '-1' }
    const tabs = [await shop.open(hearing), await shop.open(hearing), await shop.open(hearing)]
    await shop.publishers.cake?.publish([1, 2])
    await shop.publishers.tea?.publish([1])
    for (const tab of tabs) {
      await tab.isOn('websocket')
      await tab.hears('cake', 2)
      await tab.hears('tea', 1)
    }
    await expect.poll(shop.listeners).toBe(2)
    expect(await shop.sockets()).toBe(1)
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
})
