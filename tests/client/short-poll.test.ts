import { ProblemError, shortPollReader } from '@tidings/client/ways'
import { expect, test } from 'vitest'
import { all, Hearing, messagesOf, rawOf } from './support/hear.js'
import { ManualClock } from './support/manual-clock.js'
import { bare, closed, cut, json, ok, problem, startWireServer, upToDate } from './support/wire-server.js'

const address = (server: { url: string }) => ({ server: server.url, channel: 'cake' })

test('what is new is asked for at once until the reader has everything, then after the interval', async () => {
  const clock = new ManualClock()
  const server = await startWireServer(json('[1]', 'a'), json('[2]', 'b', upToDate), json('[3]', 'c', closed))
  const hearing = new Hearing(shortPollReader.open(address(server), '-1', { clock, intervalMs: 5_000 }))

  expect((await hearing.next()).messages).toEqual([1])
  expect((await hearing.next()).messages).toEqual([2])
  const third = hearing.next()
  await clock.waiting(5_000)
  expect(server.asked).toHaveLength(2)
  clock.advance(5_000)
  expect((await third).messages).toEqual([3])
  expect(await hearing.hasEnded()).toBe(true)
  expect(server.asked.map(({ query }) => query.get('offset'))).toEqual(['-1', 'a', 'b'])
})

test('an empty answer is asked for again with its tag, a 304 tells nothing, and news drops the tag', async () => {
  const clock = new ManualClock()
  const empty = { ...upToDate, etag: '"empty"' }
  const server = await startWireServer(
    json('[]', 'a', empty),
    bare(304),
    bare(304),
    json('[1]', 'b', { ...upToDate, etag: '"full"' }),
    json('[]', 'b', closed),
  )
  const heard = all(shortPollReader.open(address(server), 'a', { clock, intervalMs: 100 }))
  for (let round = 1; round <= 4; round++) await clock.pass(100)

  expect((await heard).map(({ kind, nextOffset }) => [kind, nextOffset])).toEqual([
    ['empty', 'a'],
    ['json', 'b'],
    ['empty', 'b'],
  ])
  expect(server.asked.map(({ headers }) => headers['if-none-match'])).toEqual([
    undefined,
    '"empty"',
    '"empty"',
    '"empty"',
    undefined,
  ])
})

test('the tag of one URL is not sent to another: -1 and the offset it stood for are two', async () => {
  const clock = new ManualClock()
  const server = await startWireServer(json('[]', 'a', { ...upToDate, etag: '"x"' }), json('[]', 'a', closed))
  const heard = all(shortPollReader.open(address(server), '-1', { clock, intervalMs: 100 }))
  await clock.pass(100)
  await heard
  expect(server.asked.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, undefined])
})

test('JSON arrives byte for byte', async () => {
  const texts = ['9007199254740993', '{"b":1,"a":1.0}', '"\\u0041 \\" ]"', '[1, 2]', '"ü"']
  const server = await startWireServer(json(`[${texts.join(',')}]`, 'a', closed))
  const heard = await all(shortPollReader.open(address(server), '-1'))
  expect(rawOf(heard)).toEqual(texts)
  expect(messagesOf(heard)).toEqual(texts.map((text) => JSON.parse(text)))
})

test('text and bytes come as the chunk that the protocol makes of them', async () => {
  const text = await startWireServer(ok('\uFEFFone\ntwo', 'a', { 'content-type': 'text/plain', ...closed }))
  expect(messagesOf(await all(shortPollReader.open(address(text), '-1')))).toEqual(['\uFEFFone\ntwo'])

  const bytes = Uint8Array.of(0, 255, 10)
  const binary = await startWireServer(ok(bytes, 'a', { 'content-type': 'image/png', ...closed }))
  expect(messagesOf(await all(shortPollReader.open(address(binary), '-1')))).toEqual([bytes])
})

test('a cut, a 503, a 429 and a 408 are waited out, at least as long as the server asks', async () => {
  const clock = new ManualClock()
  const server = await startWireServer(
    cut,
    problem('storage-unavailable', { 'retry-after': '3' }),
    bare(429, { 'retry-after': '7' }),
    bare(408),
    json('[1]', 'a', closed),
  )
  const notices: (readonly [string, number])[] = []
  const heard = all(
    shortPollReader.open(address(server), '-1', {
      clock,
      random: () => 0.5,
      onRetry: ({ error, waitMs }) => notices.push([error.code, waitMs]),
    }),
  )
  for (const waitMs of [125, 3_000, 7_000, 1_000]) await clock.pass(waitMs)
  expect(messagesOf(await heard)).toEqual([1])
  expect(notices).toEqual([
    ['connection-failed', 125],
    ['storage-unavailable', 3_000],
    ['answer-unexpected', 7_000],
    ['answer-unexpected', 1_000],
  ])
  expect(new Set(server.asked.map(({ query }) => query.get('offset')))).toEqual(new Set(['-1']))
})

test('a body that is cut in the middle is asked for again from the same offset', async () => {
  const clock = new ManualClock()
  const server = await startWireServer(
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'stream-next-offset': 'b' })
      response.write('[1,', () => response.socket?.destroy())
    },
    json('[1,2]', 'b', closed),
  )
  const heard = all(shortPollReader.open(address(server), 'a', { clock, random: () => 1 }))
  await clock.pass(250)
  expect(messagesOf(await heard)).toEqual([1, 2])
  expect(server.asked.map(({ query }) => query.get('offset'))).toEqual(['a', 'a'])
})

test('attempts that are used up end the reading with the last error', async () => {
  const clock = new ManualClock()
  const server = await startWireServer(cut, cut)
  const heard = all(
    shortPollReader.open(address(server), '-1', { clock, random: () => 1, backoff: { maxAttempts: 1 } }),
  )
  await Promise.all([
    clock.pass(250),
    expect(heard).rejects.toMatchObject({ code: 'connection-failed', isTransient: true }),
  ])
})

test.each([
  ['message-invalid', 400],
  ['origin-refused', 403],
  ['channel-unknown', 404],
  ['channel-exists', 409],
  ['history-changed', 410],
  ['message-too-large', 413],
  ['host-refused', 421],
  ['upgrade-required', 426],
  ['not-implemented', 501],
] as const)('%s ends the reading at once, with its code', async (code, status) => {
  const facts = { 'stream-earliest-offset': 'e', 'stream-next-offset': 'n' }
  // Two answers: a fetch itself asks a second time after a 421, on a fresh connection.
  const server = await startWireServer(problem(code, facts), problem(code, facts))
  const error = await all(shortPollReader.open(address(server), '-1')).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ProblemError)
  expect(error).toMatchObject({ code, status, facts: { earliestOffset: 'e', nextOffset: 'n' } })
  expect(server.asked).toHaveLength(status === 421 ? 2 : 1)
})

test('a server that is none of Tidings is named, not asked again', async () => {
  const server = await startWireServer((response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<p>It works!')
  })
  await expect(all(shortPollReader.open(address(server), '-1'))).rejects.toMatchObject({
    code: 'answer-malformed',
    message: expect.stringContaining('Is a Tidings server at this address?'),
  })
})

test('an abort while the answer is under way ends the reading and frees the connection', async () => {
  const server = await startWireServer()
  const abort = new AbortController()
  const heard = all(shortPollReader.open(address(server), '-1', { signal: abort.signal }))
  const request = await server.request(1)
  abort.abort()
  expect(await heard).toEqual([])
  await request.over
})

test('an abort during the interval ends the reading; one before it asks nothing', async () => {
  const clock = new ManualClock()
  const server = await startWireServer(json('[1]', 'a', upToDate))
  const abort = new AbortController()
  const heard = all(shortPollReader.open(address(server), '-1', { clock, signal: abort.signal }))
  await clock.waiting(1_000)
  abort.abort()
  expect(messagesOf(await heard)).toEqual([1])
  expect(clock.delays).toEqual([])

  expect(await all(shortPollReader.open(address(server), '-1', { signal: abort.signal }))).toEqual([])
  expect(server.asked).toHaveLength(1)
})

test('leaving the loop while a request is under way frees the connection', async () => {
  const server = await startWireServer()
  const hearing = new Hearing(shortPollReader.open(address(server), '-1'))
  const next = hearing.next()
  const request = await server.request(1)
  await Promise.all([hearing.leave(), expect(next).rejects.toThrow('ended')])
  await request.over
})
