import { Agent, get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTestChannel } from '../support/channel.js'
import { hasNginx, type RunningProxy, settingsFromPage, startNginx } from '../support/proxies.js'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'

const readerCount = 200

interface PollAnswer {
  readonly status: number | undefined
  readonly body: string
  readonly nextOffset: string
  readonly cursor: string
}

/** Readers that poll the channel `cake` through a proxy, each on a connection of its own. */
function pollers(proxy: RunningProxy) {
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
  onTestFinished(() => agent.destroy())
  const poll = async (query: Record<string, string>): Promise<PollAnswer> => {
    const asked = new URLSearchParams({ live: 'long-poll', ...query })
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(`${proxy.url}/v1/stream/cake?${asked}`, { agent }, resolve).once('error', reject)
    })
    const { headers, statusCode: status } = response
    const body = await text(response)
    return {
      status,
      body,
      nextOffset: String(headers['stream-next-offset']),
      cursor: String(headers['stream-cursor']),
    }
  }
  /** All of them ask; resolves when the proxy has every question, to what will be answered. */
  const pollAll = async (
    queries: readonly Record<string, string>[],
  ): Promise<{ answers: Promise<PollAnswer[]> }> => {
    const answers = Promise.all(queries.map(poll))
    while ((await proxy.requestsUnderWay()) < queries.length) await pause(10)
    return { answers }
  }
  return { poll, pollAll }
}

async function startCaching(options: { longPollMs: number; lockTimeout?: string }) {
  const { longPollMs, lockTimeout = '30s' } = options
  const server = await startTestServer({ longPollMs })
  const channel = await createTestChannel(server)
  const replacing = { '30s': lockTimeout }
  const proxy = await startNginx(await settingsFromPage('cache'), { server: server.url, replacing })
  const requests = async () => (await statsOf(server).now()).ways['long-poll'].requests
  return { server, channel, requests, ...pollers(proxy) }
}

function bodiesOf(answers: readonly PollAnswer[]): string[] {
  return [...new Set(answers.map(({ status, body }) => `${status} ${body}`))]
}

describe.runIf(hasNginx)('a caching nginx', () => {
  test(`makes one request of ${readerCount} long polls for one message, and one more for the next`, async () => {
    const { channel, requests, pollAll } = await startCaching({ longPollMs: 25_000 })
    const offset = await channel.publish('zeroth')

    const asked = await pollAll(Array.from({ length: readerCount }, () => ({ offset })))
    await channel.publish('first')
    const first = await asked.answers
    expect(bodiesOf(first)).toEqual(['200 ["first"]'])
    const requestsForFirst = await requests()

    // Each with the token that it was given, as clients do.
    const queries = first.map(({ nextOffset, cursor }) => ({ offset: nextOffset, cursor }))
    const askedNext = await pollAll(queries)
    await channel.publish('second')
    expect(bodiesOf(await askedNext.answers)).toEqual(['200 ["second"]'])
    const requestsForNext = (await requests()) - requestsForFirst
    console.log(
      `${readerCount} long polls through nginx: ${requestsForFirst} request, then ${requestsForNext}`,
    )
    expect([requestsForFirst, requestsForNext]).toEqual([1, 1])
  })

  test('gives a reader that comes late what it missed, from the end of what was cached', async () => {
    const { channel, requests, poll } = await startCaching({ longPollMs: 25_000 })
    const offset = await channel.publish('zeroth')
    await channel.publish('first')
    expect((await poll({ offset })).body).toBe('["first"]')
    await channel.publish('second')
    const late = await poll({ offset })
    expect(late.body).toBe('["first"]')
    expect(await requests()).toBe(1)
    expect((await poll({ offset: late.nextOffset })).body).toBe('["second"]')
  })

  test('never gives anybody an empty answer that another was given', async () => {
    const { channel, requests, poll } = await startCaching({ longPollMs: 100 })
    const offset = await channel.publish('zeroth')
    expect(await poll({ offset })).toMatchObject({ status: 204, body: '' })
    await channel.publish('first')
    // The very same question, in the same second.
    expect(await poll({ offset })).toMatchObject({ status: 200, body: '["first"]' })
    expect(await requests()).toBe(2)
  })

  test('lets everybody wait by themselves, when nothing comes for longer than one wait', async () => {
    const { channel, requests, pollAll } = await startCaching({ longPollMs: 200, lockTimeout: '1s' })
    const offset = await channel.publish('zeroth')
    const { answers } = await pollAll(Array.from({ length: 20 }, () => ({ offset })))
    expect(bodiesOf(await answers)).toEqual(['204 '])
    // One by one behind each other until the lock's time is over, then all that are left.
    expect(await requests()).toBe(20)
  })

  test('keeps nothing of -1, now and last, which mean another place each time', async () => {
    const { channel, requests, poll } = await startCaching({ longPollMs: 100 })
    await channel.publish('zeroth')
    expect((await poll({ offset: '-1' })).body).toBe('["zeroth"]')
    expect((await poll({ last: '1' })).body).toBe('["zeroth"]')
    await channel.publish('first')
    expect((await poll({ offset: '-1' })).body).toBe('["zeroth","first"]')
    expect((await poll({ last: '1' })).body).toBe('["first"]')
    expect((await poll({ offset: 'now' })).status).toBe(204)
    expect(await requests()).toBe(5)
  })

  test('tells an end of the channel at the next question, and a deleted one that it is gone', async () => {
    const { server, channel, poll } = await startCaching({ longPollMs: 25_000 })
    const offset = await channel.publish('zeroth')
    await channel.publish('last')
    expect((await poll({ offset })).body).toBe('["last"]')
    await fetch(channel.url, { method: 'POST', headers: { 'stream-closed': 'true' } })
    const late = await poll({ offset })
    expect((await poll({ offset: late.nextOffset })).status).toBe(204)
    await fetch(`${server.url}/v1/stream/cake`, { method: 'DELETE' })
    expect((await poll({ offset: late.nextOffset })).status).toBe(404)
  })
})
