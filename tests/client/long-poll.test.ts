import { longPollReader } from '@tidings/client/ways'
import { expect, test } from 'vitest'
import { all, Hearing, messagesOf } from './support/hear.js'
import { ManualClock } from './support/manual-clock.js'
import {
  bare,
  closed,
  json,
  problem,
  startWireServer,
  upToDate,
  type WireServer,
} from './support/wire-server.js'

const address = (server: WireServer) => ({ server: server.url, channel: 'cake' })
const empty = (nextOffset: string, headers: Record<string, string> = {}) =>
  bare(204, { 'stream-next-offset': nextOffset, ...upToDate, ...headers })

test('a hold that times out is asked again at once, with the cursor that the server gave', async () => {
  const clock = new ManualClock()
  const server = await startWireServer()
  const heard = all(longPollReader.open(address(server), 'a', { clock }))

  for (const [number, cursor] of [
    [1, '1000'],
    [2, '1001'],
  ] as const) {
    await server.request(number)
    clock.advance(25_000)
    server.answer(empty('a', { 'stream-cursor': cursor }))
  }
  await server.request(3)
  server.answer(json('[1]', 'b', { 'stream-cursor': '1002', ...upToDate }), empty('b', closed))

  expect((await heard).map(({ kind, nextOffset, closed }) => [kind, nextOffset, closed])).toEqual([
    ['empty', 'a', false],
    ['json', 'b', false],
    ['empty', 'b', true],
  ])
  expect(
    server.asked.map(({ query }) => [query.get('live'), query.get('offset'), query.get('cursor')]),
  ).toEqual([
    ['long-poll', 'a', null],
    ['long-poll', 'a', '1000'],
    ['long-poll', 'a', '1001'],
    ['long-poll', 'b', '1002'],
  ])
})

test('now becomes the tail that the first empty answer tells, so that nothing after it is missed', async () => {
  const clock = new ManualClock()
  const server = await startWireServer()
  const hearing = new Hearing(longPollReader.open(address(server), 'now', { clock }))
  const first = hearing.next()
  await server.request(1)
  clock.advance(25_000)
  server.answer(empty('t'), json('[1]', 'u', upToDate))
  expect(await first).toMatchObject({ kind: 'empty', nextOffset: 't', upToDate: true })
  expect((await hearing.next()).messages).toEqual([1])
  expect(server.asked[1]?.query.get('offset')).toBe('t')
  await hearing.leave()
})

test('a server that does not hold is not asked in a spin', async () => {
  const clock = new ManualClock()
  const server = await startWireServer(empty('a'), json('[1]', 'b', closed))
  const heard = all(longPollReader.open(address(server), 'a', { clock }))
  await clock.waiting(250)
  expect(server.asked).toHaveLength(1)
  clock.advance(250)
  expect(messagesOf(await heard)).toEqual([1])
})

test('a hold that nobody ever answers counts as a dead connection and is asked again', async () => {
  const clock = new ManualClock()
  const server = await startWireServer()
  const heard = all(longPollReader.open(address(server), 'a', { clock, random: () => 0 }))
  const dead = await server.request(1)
  clock.advance(90_000)
  await dead.over
  await server.request(2)
  // The answer to the dead request goes nowhere; the second request waits behind it.
  server.answer(json('[0]', 'x'), json('[1]', 'b', closed))
  expect(messagesOf(await heard)).toEqual([1])
  expect(server.asked.map(({ query }) => query.get('offset'))).toEqual(['a', 'a'])
})

test('a closed channel ends the reading without another request', async () => {
  const server = await startWireServer(json('[1]', 'b', closed))
  const heard = await all(longPollReader.open(address(server), 'a'))
  expect(heard).toMatchObject([{ messages: [1], nextOffset: 'b', upToDate: true, closed: true }])
  expect(server.asked).toHaveLength(1)
})

test('a history that has changed ends the reading and tells where one may go on', async () => {
  const offsets = { 'stream-earliest-offset': 'e', 'stream-next-offset': 'n' }
  const server = await startWireServer(problem('history-changed', offsets))
  await expect(all(longPollReader.open(address(server), 'a'))).rejects.toMatchObject({
    code: 'history-changed',
    status: 410,
    facts: { earliestOffset: 'e', nextOffset: 'n' },
  })
})

test('an abort frees the request that the server holds', async () => {
  const server = await startWireServer()
  const abort = new AbortController()
  const heard = all(longPollReader.open(address(server), 'a', { signal: abort.signal }))
  const held = await server.request(1)
  abort.abort()
  expect(await heard).toEqual([])
  await held.over
})
