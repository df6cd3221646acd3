import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTestChannel } from '../support/channel.js'
import { CountingProxy } from '../support/counting-proxy.js'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { expectEqualCosts } from './equal-costs.js'

/** A client that asks one request after the other. */
function client(kind: 'kept-alive' | 'fresh') {
  const agent = kind === 'fresh' ? false : new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => {
    if (agent) agent.destroy()
  })
  return async (
    url: string,
    options: { headers?: Record<string, string>; method?: string; body?: string } = {},
  ) => {
    const { body, ...rest } = options
    const asking = request(url, { agent, ...rest })
    asking.end(body)
    const [response] = (await once(asking, 'response')) as [IncomingMessage]
    const parts: Buffer[] = []
    response.on('data', (part: Buffer) => parts.push(part))
    await once(response, 'end')
    return { status: response.statusCode, headers: response.headers, text: Buffer.concat(parts).toString() }
  }
}

for (const kind of ['kept-alive', 'fresh'] as const) {
  describe(`on ${kind} connections`, () => {
    const connectionsFor = (requests: number) => (kind === 'fresh' ? requests : 1)

    test('what short polling costs is counted to the byte, empty answers too', async () => {
      const server = await startTestServer()
      const channel = await createTestChannel(server)
      const proxy = await CountingProxy.before(server)
      const ask = client(kind)
      const poll = (offset: string, tag?: string) =>
        ask(
          `${proxy.url}/v1/stream/cake?offset=${offset}`,
          tag === undefined ? {} : { headers: { 'if-none-match': tag } },
        )

      const start = await channel.publish('one', { two: 2 })
      expect((await poll('-1')).status).toBe(200)
      const empty = await poll(start)
      expect(empty).toMatchObject({ status: 200, text: '[]' })
      const statuses = []
      for (let round = 0; round < 3; round++) statuses.push((await poll(start, empty.headers.etag)).status)
      expect(statuses).toEqual([304, 304, 304])
      await channel.publish('news')
      expect(await poll(start, empty.headers.etag)).toMatchObject({ status: 200, text: '["news"]' })

      await expectEqualCosts(server, 'short-poll', proxy, {
        requests: 6,
        emptyAnswers: 4,
        connectionsOpened: connectionsFor(6),
        payloadBytes: '"one"'.length + '{"two":2}'.length + '"news"'.length,
      })
    })

    test('what long polling costs is counted to the byte, holds that time out too', async () => {
      const server = await startTestServer({ longPollMs: 20 })
      const channel = await createTestChannel(server)
      const proxy = await CountingProxy.before(server)
      const ask = client(kind)
      const poll = (offset: string) => ask(`${proxy.url}/v1/stream/cake?offset=${offset}&live=long-poll`)

      const start = await channel.publish('one')
      expect((await poll('-1')).status).toBe(200)
      for (let round = 0; round < 3; round++) expect((await poll(start)).status).toBe(204)
      await expectEqualCosts(server, 'long-poll', proxy, {
        requests: 4,
        emptyAnswers: 3,
        connectionsOpened: connectionsFor(4),
        payloadBytes: '"one"'.length,
      })
    })

    test('what publishing costs is counted to the byte, refusals too', async () => {
      const server = await startTestServer()
      await createTestChannel(server)
      const before = (await statsOf(server).now()).ways.publish
      const proxy = await CountingProxy.before(server)
      const ask = client(kind)
      const post = (body: string) =>
        ask(`${proxy.url}/v1/stream/cake`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'content-length': String(body.length) },
          body,
        })
      expect((await post('["one"]')).status).toBe(204)
      expect((await post('{"two":2}')).status).toBe(204)
      expect((await post('not JSON')).status).toBe(400)
      expect(before.requests).toBe(0)
      await expectEqualCosts(server, 'publish', proxy, {
        requests: 3,
        emptyAnswers: 0,
        connectionsOpened: connectionsFor(3),
        payloadBytes: '"one"'.length + '{"two":2}'.length,
      })
    })
  })
}

test('a long poll that was answered by news costs its one request', async () => {
  const server = await startTestServer()
  const channel = await createTestChannel(server)
  const proxy = await CountingProxy.before(server)
  const answer = client('kept-alive')(`${proxy.url}/v1/stream/cake?offset=-1&live=long-poll`)
  await statsOf(server).until(({ heldPolls }) => heldPolls === 1)
  await channel.publish('news')
  expect((await answer).text).toBe('["news"]')
  await expectEqualCosts(server, 'long-poll', proxy, {
    requests: 1,
    emptyAnswers: 0,
    connectionsOpened: 1,
    payloadBytes: '"news"'.length,
  })
})

test('a held poll that its client dropped costs what it had sent', async () => {
  const server = await startTestServer()
  await createTestChannel(server)
  const proxy = await CountingProxy.before(server)
  const asking = request(`${proxy.url}/v1/stream/cake?offset=-1&live=long-poll`, { agent: false }).end()
  asking.on('error', () => {})
  await statsOf(server).until(({ heldPolls }) => heldPolls === 1)
  asking.destroy()
  await statsOf(server).untilAllIsFree()
  await expectEqualCosts(server, 'long-poll', proxy, {
    requests: 1,
    emptyAnswers: 0,
    connectionsOpened: 1,
    payloadBytes: 0,
  })
})
