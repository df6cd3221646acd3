import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { askBytes, decoded, publishHistory } from '../compression/support.js'
import { createTestChannel } from '../support/channel.js'
import { hasNginx, settingsFromPage, startNginx } from '../support/proxies.js'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'

describe.runIf(hasNginx)('behind nginx', () => {
  test('a cache gives each reader the coding that it takes, and asks once for each', async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server)
    const offset = await channel.publish('zeroth')
    await publishHistory(channel, 50)
    const proxy = await startNginx(await settingsFromPage('cache'), { server: server.url })
    const url = `${proxy.url}/v1/stream/cake?offset=${offset}&live=long-poll`
    const plain = await askBytes(channel.reading({ offset, live: 'long-poll' }))
    const before = (await statsOf(server).now()).ways['long-poll'].requests
    // Twice round: the second time all of them are in the cache.
    for (const round of [1, 2]) {
      for (const coding of ['gzip', undefined, 'br']) {
        const { status, headers, bytes } = await askBytes(url, coding ? { 'accept-encoding': coding } : {})
        expect(status).toBe(200)
        expect(headers['content-encoding'], `round ${round}`).toBe(coding)
        expect(decoded(coding, bytes).equals(plain.bytes)).toBe(true)
      }
    }
    expect((await statsOf(server).now()).ways['long-poll'].requests - before).toBe(3)
  })

  test('a cache makes one request of polls that wait, whatever codings they take', async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server)
    const offset = await channel.publish('zeroth')
    const proxy = await startNginx(await settingsFromPage('cache'), { server: server.url })
    const url = `${proxy.url}/v1/stream/cake?offset=${offset}&live=long-poll`
    const asked = ['gzip', 'identity', 'br'].map((coding) => askBytes(url, { 'accept-encoding': coding }))
    while ((await proxy.requestsUnderWay()) < asked.length) await pause(10)
    await channel.publish('news '.repeat(1_000))
    for (const { headers, bytes } of await Promise.all(asked)) {
      expect(headers['content-encoding']).toBeUndefined()
      expect(bytes.toString()).toBe(JSON.stringify(['news '.repeat(1_000)]))
    }
    expect((await statsOf(server).now()).ways['long-poll'].requests).toBe(1)
  })

  test('history comes in gzip through a proxy that speaks HTTP/1.0 to the server', async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server)
    await publishHistory(channel, 50)
    const proxy = await startNginx(await settingsFromPage('plain'), { server: server.url })
    const plain = await askBytes(channel.reading({ offset: '-1' }))
    const gzip = { 'accept-encoding': 'gzip' }
    const { headers, bytes } = await askBytes(`${proxy.url}/v1/stream/cake?offset=-1`, gzip)
    expect(headers['content-encoding']).toBe('gzip')
    expect(decoded('gzip', bytes).equals(plain.bytes)).toBe(true)
  })
})
