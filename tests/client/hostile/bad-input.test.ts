import { ProblemError, type TidingsDetails } from '@tidings/client'
import { type Way, ways } from '@tidings/protocol'
import { describe, expect, test } from 'vitest'
import {
  client,
  expectNothingUncaught,
  offsetAt,
  saying,
  startHostile,
  take,
  waits,
} from './hostile-server.js'

expectNothingUncaught()

const data = (fields: object) =>
  JSON.stringify({ type: 'data', channel: 'cake', messages: [1, 2], nextOffset: offsetAt(2), ...fields })

const malformed: Readonly<Record<string, string | Uint8Array>> = {
  null: 'null',
  'a list with null': '[null]',
  'a number': '17',
  'no JSON': '{"type":',
  'nothing but text': 'upstream error',
  'invalid UTF-8': Buffer.concat([
    Buffer.from('{"type":"data","channel":"cake","messages":["'),
    Buffer.of(0xff, 0xfe),
    Buffer.from(`"],"nextOffset":"${offsetAt(1)}"}`),
  ]),
  'a type that is none': data({ type: 5 }),
  'messages that are a number': data({ messages: 5 }),
  'messages that are a text': data({ messages: 'abc' }),
  'messages that are an object': data({ messages: { length: 2 } }),
  'messages that are null': data({ messages: null }),
  'no nextOffset': data({ nextOffset: undefined }),
  'a nextOffset that is a number': data({ messages: [1], nextOffset: 1 }),
  'a nextOffset that is null': data({ messages: [1], nextOffset: null }),
  'a nextOffset that is no offset': data({ messages: [1], nextOffset: 'soon' }),
  'no offsets though they were asked for': data({}),
  'fewer offsets than messages': data({ offsets: [offsetAt(1)] }),
  'offsets that are a number': data({ offsets: 3 }),
  'offsets that are numbers': data({ offsets: [1, 2] }),
  'base64 that is none': data({
    messages: ['a', '%%%'],
    encoding: 'base64',
    offsets: [offsetAt(1), offsetAt(2)],
  }),
  'a binary message that is a number': data({ messages: [5], encoding: 'base64', nextOffset: offsetAt(1) }),
  'data of no channel': data({ channel: undefined, messages: [1] }),
  'a channel that is a list': data({ channel: ['cake'], messages: [1] }),
}

describe.each(ways)('over %s', (way: Way) => {
  test.each(Object.entries(malformed))(
    '%s ends in a typed error or a new link, and in no spin',
    async (name, body) => {
      const server = await startHostile(saying(way, body))
      const tidings = client(server.url, { ways: way, answerMs: 500 })
      const waiting = waits(tidings)
      const heard = take(tidings.channel('cake', { offset: '-1' }), 1)
      const outcome = await Promise.race([
        waiting.then(({ error }: TidingsDetails['state']) => error),
        heard.catch((error: unknown) => error),
      ])
      expect(outcome).toBeInstanceOf(ProblemError)
      // What is no UTF-8 ends a WebSocket before its text is told.
      if (way !== 'websocket' || name !== 'invalid UTF-8')
        expect(outcome).toMatchObject({ code: 'answer-malformed' })
      expect(server.requests.length).toBeLessThan(10)
      tidings.close()
      await heard.catch(() => {})
    },
  )

  test('what is unknown or of another is passed over', async () => {
    const unknown = [
      '{"type":"data","channel":"tea","messages":[7],"nextOffset":"1_9"}',
      '{"type":"weather","channel":"cake","__proto__":{"messages":[1]},"constructor":7}',
      '{"type":"__proto__","channel":"__proto__"}',
    ]
    const good = data({ offsets: [offsetAt(1), offsetAt(2)], committedAt: 1e300, extra: 2 ** 60 })
    const bodies = way === 'websocket' ? [good] : way === 'sse' ? unknown : [`[${[...unknown, good].join()}]`]
    const { answers, ...rest } = saying(way, ...bodies)
    const server = await startHostile({
      ...rest,
      answers(response) {
        if (way !== 'sse') return answers(response)
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write(`retry:1\n\n${[...unknown, good].map((text) => `data:${text}\n\n`).join('')}`)
      },
      ...(rest.opens && {
        opens(socket) {
          for (const text of ['{"type":"weather"}', ...unknown]) socket.send(text)
          rest.opens?.(socket)
        },
      }),
    })
    expect(await take(client(server.url, { ways: way }).channel('cake', { offset: '-1' }), 2)).toEqual([1, 2])
  })
})

test('an event that is larger than any ends in a new link', async () => {
  const server = await startHostile({
    answers(response) {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data:')
      for (let megabyte = 0; megabyte < 65; megabyte++) response.write('x'.repeat(1024 * 1024))
    },
  })
  const tidings = client(server.url, { ways: 'sse', backoff: { baseMs: 5_000, capMs: 5_000 } })
  const waiting = waits(tidings)
  const heard = take(tidings.channel('cake', { offset: '-1' }), 1)
  expect((await waiting).error).toMatchObject({ code: 'answer-malformed' })
  tidings.close()
  await heard
})

test.each(ways.filter((way) => way !== 'websocket'))(
  'what is said to be gzip and is none is asked for again, over %s',
  async (way) => {
    const server = await startHostile({
      answers: (response) =>
        response
          .writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' })
          .end('[]'),
    })
    const tidings = client(server.url, { ways: way })
    const waiting = waits(tidings)
    const heard = take(tidings.channel('cake', { offset: '-1' }), 1)
    expect((await waiting).error).toMatchObject({ code: 'connection-failed' })
    tidings.close()
    await heard
  },
)

describe('a WebSocket', () => {
  test.each([
    ['a welcome of no kind', '{"type":"welcome","heartbeatMs":"soon"}'],
    ['a heartbeat of nothing', '{"type":"welcome","heartbeatMs":0}'],
    ['a heartbeat below nothing', '{"type":"welcome","heartbeatMs":-5}'],
  ])('with %s pings calmly', async (_, welcome) => {
    let frames = 0
    const server = await startHostile({
      opens(socket) {
        socket.send(welcome)
        socket.on('message', () => {
          frames += 1
          socket.send('{"type":"pong"}')
        })
      },
    })
    const tidings = client(server.url, { ways: 'websocket' })
    const heard = take(tidings.channel('cake'), 1)
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(frames).toBeLessThan(5)
    tidings.close()
    await heard
  })

  test('whose goaway wishes what is no time is not asked in a spin', async () => {
    const server = await startHostile({
      opens(socket) {
        socket.send('{"type":"welcome","heartbeatMs":15000}')
        socket.send('{"type":"goaway","retryAfterMs":"later"}')
        socket.close(1001)
      },
    })
    const tidings = client(server.url, { ways: 'websocket', random: () => 0.999 })
    const heard = take(tidings.channel('cake'), 1)
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(server.requests.length).toBeLessThan(8)
    tidings.close()
    await heard
  })

  test('that is given binary frames, or another subprotocol, ends in a new link', async () => {
    const server = await startHostile({
      opens(socket) {
        socket.send('{"type":"welcome","heartbeatMs":15000}')
        socket.send(Buffer.of(1, 2, 3))
      },
    })
    const tidings = client(server.url, { ways: 'websocket' })
    const waiting = waits(tidings)
    const heard = take(tidings.channel('cake'), 1)
    expect((await waiting).error).toMatchObject({ code: 'answer-malformed' })
    tidings.close()
    await heard
  })
})
