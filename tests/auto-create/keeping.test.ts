import { expect, onTestFinished, test, vi } from 'vitest'
import { MemoryEngine } from '../../packages/server/src/log/engines/memory.js'
import { poll, streamsUrl } from '../streams/support.js'
import { get } from '../support/fork.js'
import { RawWebSocket } from '../support/raw-client.js'
import { standingDisk } from '../support/standing-disk.js'
import { statsOf } from '../support/stats.js'
import { codeOf, json, namesOn, startWithOrders, urlOf } from './support.js'

/** Takes down who is answered, in which order. */
function answersIn(order: string[]) {
  return async <T>(name: string, answer: Promise<T>): Promise<T> => {
    const result = await answer
    order.push(name)
    return result
  }
}

test('nobody is answered before the channel that was made is kept, and nobody else sees it', async () => {
  const server = await startWithOrders()
  const disk = standingDisk()
  const url = urlOf(server, 'orders/1')
  const socket = await RawWebSocket.open(`${server.url}/v1/socket`, 'tidings.v1')
  await socket.envelope('welcome')
  disk.stand()
  const answered: string[] = []
  const noted = answersIn(answered)
  const publish = (body: string) => fetch(url, { method: 'POST', headers: json, body })
  const first = noted('first', publish('1'))
  await statsOf(server).until(({ ways }) => ways.publish.requests === 1)
  const others = Promise.all([
    noted('second', publish('2')),
    noted('short poll', get(`${url}?offset=-1`)),
    noted('long poll', get(`${url}?live=long-poll&offset=-1`)),
    noted('several', poll(streamsUrl(server, { 'orders/1': '-1', 'orders/2': '-1' }))),
  ])
  socket.send({ type: 'subscribe', channel: 'orders/1', offset: '-1' })
  socket.send({ type: 'ping' })
  await socket.envelope('pong')
  await statsOf(server).until(({ ways }) => ways.publish.requests === 2 && ways['short-poll'].requests === 2)
  expect((await fetch(url, { method: 'HEAD' })).status).toBe(404)
  expect(await namesOn(server)).toEqual([])
  expect(answered).toEqual([])
  expect(socket.messages).toHaveLength(2)

  disk.goOn()
  expect((await first).status).toBe(204)
  const [second, shortPoll, longPoll, several] = await others
  expect(second.status).toBe(204)
  // As far as was kept when they were answered, from the beginning.
  for (const text of [shortPoll.text, longPoll.text]) expect(['[1]', '[1,2]']).toContain(text)
  expect(new Set(several.envelopes.map(({ channel }) => channel))).toEqual(new Set(['orders/1', 'orders/2']))
  expect(await socket.envelope('data')).toMatchObject({ channel: 'orders/1' })
  expect((await get(url)).text).toBe('[1,2]')
})

test('many channels that one request makes are one commit', async () => {
  const server = await startWithOrders()
  const commits = vi.spyOn(MemoryEngine.prototype, 'commit')
  onTestFinished(() => commits.mockRestore())
  const names = Array.from({ length: 64 }, (_, index) => `orders/${index}`)
  await poll(streamsUrl(server, Object.fromEntries(names.map((name) => [name, 'now']))))
  expect(await namesOn(server)).toEqual(names.toSorted())
  expect(commits).toHaveBeenCalledTimes(1)
})

test('a channel that could not be kept is nobody’s, and who comes is told', async () => {
  const server = await startWithOrders({ onMistake: () => {} })
  const commit = vi
    .spyOn(MemoryEngine.prototype, 'commit')
    .mockRejectedValueOnce(new Error('the disk has failed'))
  onTestFinished(() => commit.mockRestore())
  const url = urlOf(server, 'orders/1')
  expect(await get(url)).toMatchObject({ status: 503, code: 'storage-unavailable' })
  expect(await namesOn(server)).toEqual([])
  expect(await get(url)).toMatchObject({ status: 503, code: 'storage-unavailable' })
  const published = await fetch(url, { method: 'POST', headers: json, body: '1' })
  expect([published.status, await codeOf(published)]).toEqual([503, 'storage-unavailable'])
  expect((await fetch(url, { method: 'HEAD' })).status).toBe(404)
})
