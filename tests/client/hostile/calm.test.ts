import type { ServerResponse } from 'node:http'
import { createChannel, postPublisher } from '@tidings/client/ways'
import { type Way, ways } from '@tidings/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startTestServer } from '../../support/test-server.js'
import {
  client,
  expectNothingUncaught,
  offsetAt,
  pause,
  saying,
  startHostile,
  take,
  waits,
} from './hostile-server.js'

expectNothingUncaught()

const place = (fields: object = {}) =>
  JSON.stringify({
    type: 'data',
    channel: 'cake',
    messages: [],
    nextOffset: offsetAt(5),
    upToDate: true,
    ...fields,
  })
const old = place({ messages: ['old'], nextOffset: offsetAt(6) })

function answerJson(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(body)
}

describe('no spin, and nothing twice, when', () => {
  test.each<[string, string]>([
    ['nothing, at once', '[]'],
    ['the same place, at once', `[${place()}]`],
    ['that there is more, and nothing', `[${place({ upToDate: false })}]`],
    ['news of a channel that nobody hears', `[${old.replace('cake', 'tea')}]`],
    [
      'news of a channel that nobody hears, and that there is more',
      `[${place({ channel: 'tea', messages: [1], upToDate: false })}]`,
    ],
    ['what it said before', `[${old}]`],
    ['what it said before, and that there is more', `[${old.replace('true', 'false')}]`],
    ['an older place than one before', `[${old}]|[${place({ nextOffset: offsetAt(2) })}]`],
  ])('each answer says %s', async (_, bodies) => {
    for (const way of ['long-poll', 'short-poll', 'sse', 'websocket'] as const) {
      for (const start of ['now', offsetAt(5)]) {
        const server = await startHostile(
          saying(
            way,
            ...bodies
              .split('|')
              .map((body) => (way === 'websocket' ? body.slice(1, -1) || '{"type":"pong"}' : body)),
          ),
        )
        const tidings = client(server.url, { ways: way, intervalMs: 100 })
        const heard: unknown[] = []
        const over = (async () => {
          for await (const message of tidings.channel('cake', { offset: start })) heard.push(message)
        })().catch(() => {})
        await pause(500)
        tidings.close()
        await over
        expect(heard.length, `${way} from ${start}`).toBeLessThanOrEqual(1)
        expect(server.requests.length, `${way} from ${start}`).toBeLessThan(14)
      }
    }
  })

  test('streams that wish to be opened again at once end', async () => {
    let position = 5
    const server = await startHostile({
      answers(response) {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        position += 1
        response.end(`retry:0\n\ndata:${place({ messages: ['one'], nextOffset: offsetAt(position) })}\n\n`)
      },
    })
    const tidings = client(server.url, { ways: 'sse' })
    const heard = take(tidings.channel('cake', { offset: offsetAt(5) }), 99)
    await pause(600)
    tidings.close()
    await heard
    expect(server.requests.length).toBeLessThan(5)
  })

  test('sockets are welcomed and closed at once', async () => {
    const server = await startHostile({
      opens(socket) {
        socket.send('{"type":"welcome","heartbeatMs":15000}')
        socket.close(1011)
      },
    })
    const tidings = client(server.url, { ways: 'websocket', random: () => 0.999 })
    const heard = take(tidings.channel('cake'), 1)
    await pause(600)
    tidings.close()
    await heard
    expect(server.requests.length).toBeLessThan(8)
  })
})

test.each(ways)('a wish of years, over %s, is cut to an hour', async (way: Way) => {
  const server = await startHostile({
    answers: (response) => response.writeHead(503, { 'retry-after': '99999999' }).end(),
  })
  const tidings = client(server.url, { ways: way })
  const waiting = waits(tidings)
  const heard = take(tidings.channel('cake'), 1)
  expect((await waiting).retryInMs).toBe(3_600_000)
  tidings.close()
  await heard
})

test.each(ways)('429 with Retry-After, over %s, is waited out', async (way: Way) => {
  const server = await startHostile({
    answers: (response) => response.writeHead(429, { 'retry-after': '1' }).end(),
  })
  const tidings = client(server.url, { ways: way })
  const waiting = waits(tidings)
  const heard = take(tidings.channel('cake'), 1)
  expect((await waiting).retryInMs).toBe(1_000)
  tidings.close()
  await heard
})

test.each(ways)('a server that takes requests over %s and says nothing is noticed soon', async (way: Way) => {
  const server = await startHostile({ answers: () => {}, opens: () => {} })
  const tidings = client(server.url, { ways: way, answerMs: 200 })
  const waiting = waits(tidings)
  const heard = take(tidings.channel('cake', { offset: '-1' }), 1)
  const told = await Promise.race([waiting, pause(2_000)])
  expect(told).toMatchObject({ error: { isTransient: true } })
  tidings.close()
  await heard
})

test('a stream whose head comes and nothing else is noticed soon', async () => {
  const server = await startHostile({
    answers: (response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders(),
  })
  const tidings = client(server.url, { ways: 'sse', answerMs: 200 })
  const waiting = waits(tidings)
  const heard = take(tidings.channel('cake', { offset: '-1' }), 1)
  expect(await Promise.race([waiting, pause(2_000)])).toMatchObject({ error: { isTransient: true } })
  tidings.close()
  await heard
})

test('when every request over the ways above hangs, the certain way carries all the while', async () => {
  const inside = await startTestServer({ longPollMs: 300 })
  const address = { server: inside.url, channel: 'cake' }
  await createChannel(address)
  const publisher = postPublisher(address)
  onTestFinished(() => publisher.stop())
  const server = await startHostile({
    opens: () => {},
    answers(response, { pathname, search }) {
      if (pathname !== '/v1/streams' || search.includes('sse')) return
      fetch(inside.url + pathname + search).then(
        async (answer) => response.writeHead(answer.status).end(await answer.text()),
        () => response.destroy(),
      )
    },
  })
  const failed: string[] = []
  const tidings = client(server.url, { answerMs: 300 })
  const bothFailed = new Promise<void>((resolve) => {
    tidings.addEventListener('way-failed', ({ detail }) => failed.push(detail.way) === 2 && resolve())
  })
  await publisher.publish(['a'])
  const heard = take(tidings.channel('cake', { offset: '-1' }), 2)
  await bothFailed
  expect(failed).toEqual(['websocket', 'sse'])
  await publisher.publish(['b'])
  expect(await heard).toEqual(['a', 'b'])
})

test('a quiet channel whose streams end by their age is not lost again and again', async () => {
  const server = await startTestServer({ sseMaxAgeMs: 400, heartbeatMs: 100 })
  const address = { server: server.url, channel: 'cake' }
  await createChannel(address)
  const publisher = postPublisher(address)
  onTestFinished(() => publisher.stop())
  const { nextOffset } = await publisher.publish([1])
  const states: string[] = []
  const tidings = client(server.url, { ways: 'sse' })
  tidings.addEventListener('state', ({ detail }) => states.push(detail.state))
  const heard = take(tidings.channel('cake', { offset: nextOffset }), 1)
  await pause(1_500)
  await publisher.publish([2])
  expect(await heard).toEqual([2])
  expect(states).not.toContain('waiting')
})

test('a server that ends a held poll with an answer has cut nothing, and holds are as long as before', async () => {
  const holds: number[] = []
  const server = await startHostile({
    answers(response, { searchParams }) {
      if (!searchParams.has('live')) return answerJson(response, `[${place()}]`)
      holds.push(Number(searchParams.get('timeout')))
      setTimeout(() => response.writeHead(503).end(), 1_100)
    },
  })
  const tidings = client(server.url, { ways: 'long-poll' })
  const heard = take(tidings.channel('cake'), 1)
  while (holds.length < 2) await pause(50)
  tidings.close()
  await heard
  expect(holds).toEqual([25, 25])
})

test('a way that is wished for first is come to, whatever it is', async () => {
  const server = await startTestServer({ longPollMs: 300 })
  await createChannel({ server: server.url, channel: 'cake' })
  for (const wish of [
    ['short-poll', 'long-poll'],
    ['long-poll', 'short-poll'],
    ['sse', 'short-poll', 'websocket'],
  ] as Way[][]) {
    const tidings = client(server.url, { ways: wish, answerMs: 2_000 })
    const reached = new Promise<string>((resolve) => {
      tidings.addEventListener('way', ({ detail }) => detail.way === wish[0] && resolve('reached'))
    })
    const heard = take(tidings.channel('cake'), 1)
    expect(await Promise.race([reached, pause(5_000)]), String(wish)).toBe('reached')
    tidings.close()
    await heard
  }
})
