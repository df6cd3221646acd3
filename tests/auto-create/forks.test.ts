import { expect, test } from 'vitest'
import { poll, streamsUrl } from '../streams/support.js'
import { append, get } from '../support/fork.js'
import { RawWebSocket } from '../support/raw-client.js'
import { codeOf, json, namesOn, startWithOrders, urlOf } from './support.js'

test('a fork makes no source', async () => {
  const server = await startWithOrders()
  const headers = { 'stream-forked-from': '/v1/stream/orders/1' }
  const answer = await fetch(urlOf(server, 'orders/2'), { method: 'PUT', headers })
  expect([answer.status, await codeOf(answer)]).toEqual([404, 'channel-unknown'])
  expect(await namesOn(server)).toEqual([])
})

test('a name that a use has taken is not a fork’s any more', async () => {
  const server = await startWithOrders()
  await append({ url: urlOf(server, 'orders/1') }, '1')
  await get(urlOf(server, 'orders/2'))
  const headers = { 'stream-forked-from': '/v1/stream/orders/1' }
  const answer = await fetch(urlOf(server, 'orders/2'), { method: 'PUT', headers })
  expect([answer.status, await codeOf(answer)]).toEqual([409, 'channel-exists'])
  // One that is free is, and can be forked from what a use has made.
  expect((await fetch(urlOf(server, 'orders/3'), { method: 'PUT', headers })).status).toBe(201)
  expect((await get(urlOf(server, 'orders/3'))).text).toBe('[1]')
})

test('a deleted source that forks stand on keeps its name: no use takes it', async () => {
  const server = await startWithOrders()
  const url = urlOf(server, 'orders/1')
  await append({ url }, '1')
  const headers = { 'stream-forked-from': '/v1/stream/orders/1' }
  await fetch(urlOf(server, 'fork'), { method: 'PUT', headers })
  await fetch(url, { method: 'DELETE' })
  const published = await fetch(url, { method: 'POST', headers: json, body: '2' })
  expect([published.status, await codeOf(published)]).toEqual([410, 'channel-deleted'])
  for (const query of ['', '?live=sse&offset=-1', '?live=long-poll&offset=now']) {
    expect(await get(url + query)).toMatchObject({ status: 410, code: 'channel-deleted' })
  }
  expect((await poll(streamsUrl(server, { 'orders/1': '-1' }))).envelopes).toMatchObject([
    { type: 'error', code: 'channel-deleted' },
  ])
  const socket = await RawWebSocket.open(`${server.url}/v1/socket`, 'tidings.v1')
  socket.send({ type: 'subscribe', channel: 'orders/1' })
  expect((await socket.envelope('error')).code).toBe('channel-deleted')
  expect(await namesOn(server)).toEqual(['fork'])
  // It goes with its last fork, and then its name is free.
  await fetch(urlOf(server, 'fork'), { method: 'DELETE' })
  await append({ url }, '"anew"')
  expect((await get(url)).text).toBe('["anew"]')
})
