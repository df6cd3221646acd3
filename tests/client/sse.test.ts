import { type SseOptions, sseReader } from '@tidings/client/ways'
import { expect, test } from 'vitest'
import { all, Hearing, messagesOf, rawOf } from './support/hear.js'
import { ManualClock } from './support/manual-clock.js'
import { type Answerer, bare, problem, startWireServer, type WireServer } from './support/wire-server.js'

const open = (server: WireServer, offset: string, options: SseOptions = {}) =>
  sseReader.open({ server: server.url, channel: 'cake' }, offset, { kind: 'json', ...options })

/** Writes the pieces, each when the one before has left, then ends or cuts the stream. */
function events(end: 'end' | 'cut' | 'stay', ...pieces: string[]): Answerer {
  return async (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    for (const piece of pieces) {
      await new Promise<void>((resolve) => response.write(piece, () => setImmediate(resolve)))
    }
    if (end === 'end') response.end()
    else if (end === 'cut') response.socket?.destroy()
  }
}

const data = (json: string, id?: string) => `${id ? `id:${id}\n` : ''}event: data\ndata:${json}\n\n`
const control = (streamNextOffset: string, more: object = {}) =>
  `event: control\ndata:${JSON.stringify({ streamNextOffset, ...more })}\n\n`
const end = (offset: string) => control(offset, { streamClosed: true })

test('a batch comes with the control event that follows it', async () => {
  const server = await startWireServer(
    events(
      'stay',
      'retry:1000\n\n',
      data('[1,2]'),
      control('b'),
      data('[3]'),
      control('c', { upToDate: true }),
      end('c'),
    ),
  )
  expect(await all(open(server, 'a'))).toMatchObject([
    { messages: [1, 2], nextOffset: 'b', upToDate: false, closed: false },
    { messages: [3], nextOffset: 'c', upToDate: true, closed: false },
    { messages: [], nextOffset: 'c', upToDate: true, closed: true },
  ])
  expect(server.asked[0]?.query.get('live')).toBe('sse')
})

test('JSON arrives byte for byte, also when the array stands in several lines', async () => {
  const server = await startWireServer(
    events(
      'stay',
      'event: data\ndata: [\ndata: {"b":1,"a":1.0},\ndata: 9007199254740993\ndata: ]\n\n',
      end('b'),
    ),
  )
  expect(rawOf(await all(open(server, 'a')))).toEqual(['{"b":1,"a":1.0}', '9007199254740993'])
})

test('after a cut between data and control the data is asked for again, and heard once', async () => {
  const clock = new ManualClock()
  const server = await startWireServer(
    events('cut', data('[1]'), control('b', { streamCursor: '7' }), data('[2]')),
    events('stay', data('[2]'), end('c')),
  )
  const heard = all(open(server, 'a', { clock, random: () => 1 }))
  await clock.pass(250)
  expect(messagesOf(await heard)).toEqual([1, 2])
  expect(server.asked.map(({ query }) => [query.get('offset'), query.get('cursor')])).toEqual([
    ['a', null],
    ['b', '7'],
  ])
})

test('data that tells its own offset is heard before a cut, and not asked for again', async () => {
  const clock = new ManualClock()
  const server = await startWireServer(events('cut', data('[1]', 'b')), events('stay', end('b')))
  const heard = all(open(server, 'a', { clock, random: () => 1 }))
  await clock.pass(250)
  expect((await heard).map(({ messages, nextOffset }) => [messages, nextOffset])).toEqual([
    [[1], 'b'],
    [[], 'b'],
  ])
  expect(server.asked[1]?.query.get('offset')).toBe('b')
})

test('an event that is cut in the middle is no event', async () => {
  const clock = new ManualClock()
  const server = await startWireServer(
    events('cut', 'id:b\nevent: data\ndata:[1]\n'),
    events('stay', data('[1]', 'b'), end('b')),
  )
  const heard = all(open(server, 'a', { clock, random: () => 1 }))
  await clock.pass(250)
  expect(messagesOf(await heard)).toEqual([1])
})

test('a stream that the server ends is asked again after the time that it gave', async () => {
  const clock = new ManualClock()
  const server = await startWireServer(
    events('end', 'retry:30\n\n', data('[1]'), control('b', { upToDate: true })),
    events('stay', data('[2]'), end('c')),
  )
  const heard = all(open(server, 'a', { clock }))
  await clock.pass(30)
  expect(messagesOf(await heard)).toEqual([1, 2])
})

test('a stream that ends before it says anything counts as a failure, with backoff', async () => {
  const clock = new ManualClock()
  const server = await startWireServer(events('end'), events('end'), events('stay', end('a')))
  const heard = all(open(server, 'a', { clock, random: () => 1 }))
  await clock.pass(250)
  await clock.pass(500)
  expect(await heard).toMatchObject([{ closed: true }])
})

test('silence is a dead connection, which is left for another one', async () => {
  const clock = new ManualClock()
  const server = await startWireServer(
    events('stay', control('a', { upToDate: true })),
    events('stay', data('[1]'), end('b')),
  )
  const retried: string[] = []
  const hearing = new Hearing(
    open(server, 'a', { clock, random: () => 1, onRetry: ({ error }) => retried.push(error.message) }),
  )
  await hearing.next()
  const next = hearing.next()
  const dead = await server.request(1)
  clock.advance(45_000)
  await dead.over
  await clock.pass(250)
  expect((await next).messages).toEqual([1])
  expect(retried).toEqual(['Nothing came for 45000 ms.'])
  await hearing.leave()
})

test('a consumer that is slow to come back is no silence of the server', async () => {
  const clock = new ManualClock()
  const server = await startWireServer(events('stay', data('[1]') + control('b'), data('[2]') + end('c')))
  const hearing = new Hearing(open(server, 'a', { clock }))
  expect((await hearing.next()).messages).toEqual([1])
  clock.advance(500_000)
  expect((await hearing.next()).messages).toEqual([2])
  expect(server.asked).toHaveLength(1)
  await hearing.leave()
})

test('bytes come as base64, which may be broken into lines', async () => {
  const server = await startWireServer((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'stream-sse-data-encoding': 'base64' })
    response.write(`event: data\ndata: AQID\ndata: BAU=\n\n${end('f')}`)
  })
  const heard = await all(sseReader.open({ server: server.url, channel: 'cake' }, 'a'))
  expect(messagesOf(heard)).toEqual([Uint8Array.of(1, 2, 3, 4, 5)])
})

test('text and JSON look alike: what the channel carries is asked once, beside the stream', async () => {
  const clock = new ManualClock()
  const head = bare(200, { 'content-type': 'text/plain', 'stream-next-offset': 'b' })
  const server = await startWireServer(
    events('end', 'retry:30\n\n', data('["a"]'), control('b')),
    head,
    events('stay', 'event: data\ndata:two\ndata:\ndata:  lines\n\n', end('c')),
  )
  const heard = all(sseReader.open({ server: server.url, channel: 'cake' }, 'a', { clock }))
  await clock.pass(30)
  expect(messagesOf(await heard)).toEqual(['["a"]', 'two\n\n lines'])
  expect(server.asked.map(({ method }) => method)).toEqual(['GET', 'HEAD', 'GET'])
})

test('204 is the end of a closed channel', async () => {
  const server = await startWireServer(bare(204))
  expect(await all(open(server, 'a'))).toMatchObject([{ kind: 'empty', nextOffset: 'a', closed: true }])
})

test.each([
  ['an answer that is no event stream', bare(200, { 'content-type': 'text/html' })],
  ['a control event without an offset', events('stay', 'event: control\ndata:{}\n\n')],
  ['a control event that is no JSON', events('stay', 'event: control\ndata:now\n\n')],
  ['data that is no array', events('stay', data('{"a":1}'), control('b'))],
])('%s ends the reading as malformed', async (_, answer) => {
  const server = await startWireServer(answer)
  await expect(all(open(server, 'a'))).rejects.toMatchObject({ code: 'answer-malformed' })
  await server.asked[0]?.over
})

test('an unknown channel ends the reading', async () => {
  const server = await startWireServer(problem('channel-unknown'))
  await expect(all(open(server, 'a'))).rejects.toMatchObject({ code: 'channel-unknown' })
})

test('an abort while the consumer is busy frees the stream at once', async () => {
  const server = await startWireServer(events('stay', data('[1]'), control('b'), data('[2]'), control('c')))
  const abort = new AbortController()
  const hearing = new Hearing(open(server, 'a', { signal: abort.signal }))
  await hearing.next()
  abort.abort()
  await server.asked[0]?.over
  expect(await hearing.hasEnded()).toBe(true)
})

test('leaving the loop frees the stream at once', async () => {
  const server = await startWireServer(events('stay', data('[1]'), control('b')))
  for await (const batch of open(server, 'a')) {
    expect(batch.messages).toEqual([1])
    break
  }
  await server.asked[0]?.over
})
