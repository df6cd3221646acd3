import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { tidings } from '../cli/command-run.js'
import { startTestServer, temporaryFolder } from '../support/test-server.js'
import { json, makeChannel, post, untilPassed } from './support.js'

const engines = ['memory', 'disk'] as const

test.each(engines)(
  'what retention drops answers 410 with the earliest and the latest offset, in each way (%s)',
  async (engine) => {
    const server = await startTestServer({ engine, data: await temporaryFolder() })
    const url = await makeChannel(server, { 'stream-retention-count': '2' })
    const first = await post(url, 'first')
    for (const value of ['second', 'third']) await post(url, value)
    const latest = await post(url, 'fourth')
    const earliest = await untilPassed(url, first)

    for (const query of ['', '&live=long-poll', '&live=sse']) {
      const answer = await fetch(`${url}?offset=${first}${query}`)
      expect(answer.status).toBe(410)
      expect(answer.headers.get('stream-earliest-offset')).toBe(earliest)
      expect(answer.headers.get('stream-next-offset')).toBe(latest)
      expect(await answer.json()).toMatchObject({
        code: 'offset-gone',
        earliestOffset: earliest,
        nextOffset: latest,
      })
    }
    const socket = new WebSocket(`${url.replace('http', 'ws')}?offset=${first}&live=websocket`)
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
    expect(response.statusCode).toBe(410)
    expect(JSON.parse(await text(response))).toMatchObject({ code: 'offset-gone' })
  },
)

test('-1, the other beginning, last, since and before begin at the earliest that is left', async () => {
  const server = await startTestServer()
  const url = await makeChannel(server, { 'stream-retention-count': '2' })
  const first = await post(url, 'first')
  for (const value of ['second', 'third']) await post(url, value)
  const latest = await post(url, 'fourth')
  const earliest = await untilPassed(url, first)

  for (const start of [
    'offset=-1',
    'offset=0000000000000000_0000000000000000',
    `offset=${earliest}`,
    'last=100',
    'since=2020-01-01T00:00:00Z',
  ]) {
    expect(await (await fetch(`${url}?${start}`)).json()).toEqual(['third', 'fourth'])
  }
  const page = await fetch(`${url}?before=${latest}&last=100`)
  expect(await page.json()).toEqual(['third', 'fourth'])
  expect(page.headers.get('stream-start-offset')).toBe(earliest)
  const none = await fetch(`${url}?before=${earliest}&last=100`)
  expect(await none.json()).toEqual([])
  expect((await fetch(`${url}?before=${first}&last=1`)).status).toBe(410)
})

test('bytes and age drop what they say, and everything old may go', async () => {
  let nowMs = Date.parse('2030-01-01T00:00:00Z')
  const server = await startTestServer({ now: () => nowMs })
  const bytes = await makeChannel(server, { 'stream-retention-bytes': '20' }, 'bytes')
  const first = await post(bytes, '12345678')
  for (const value of ['23456789', '34567890', '45678901']) await post(bytes, value)
  await untilPassed(bytes, first)
  expect(await (await fetch(bytes)).json()).toEqual(['34567890', '45678901'])

  const age = await makeChannel(server, { 'stream-retention-age': '60' }, 'age')
  const last = await post(age, 'old')
  nowMs += 61_000
  const answer = await untilGone(age)
  expect(answer).toBe(last)
  const next = await post(age, 'new')
  expect(next > last).toBe(true)
  expect(await (await fetch(age)).json()).toEqual(['new'])
})

/** Resolves with the tail once nothing is left. */
async function untilGone(url: string): Promise<string> {
  for (;;) {
    const { headers } = await fetch(url, { method: 'HEAD' })
    const tail = headers.get('stream-next-offset') as string
    if (headers.get('stream-earliest-offset') === tail) return tail
  }
}

/** More than a connection that is not read takes in. */
const large = 'x'.repeat(200_000)
const largeCount = 150

test('a stream that is behind and overtaken ends, and the reconnect answers 410', async () => {
  const server = await startTestServer()
  const url = await makeChannel(server, { 'stream-retention-count': '2' })
  const request = get(`${url}?offset=-1&live=sse`, { agent: false })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.pause()
  for (let n = 0; n < largeCount; n++) await post(url, `${n} ${large}`)
  const heard = await text(response)
  const ids = [...heard.matchAll(/^id:(\S+)$/gm)].map(([, id]) => id as string)
  expect(ids.length).toBeGreaterThan(0)
  expect(ids.length).toBeLessThan(largeCount)
  const again = await fetch(`${url}?offset=-1&live=sse`, {
    headers: { 'last-event-id': ids.at(-1) as string },
  })
  expect(again.status).toBe(410)
  expect(await again.json()).toMatchObject({ code: 'offset-gone' })
})

test('a plain socket that is behind and overtaken is closed with the reason', async () => {
  const server = await startTestServer()
  const url = await makeChannel(server, { 'stream-retention-count': '2' })
  const socket = new WebSocket(`${url.replace('http', 'ws')}?offset=-1&live=websocket`)
  await once(socket, 'open')
  const connection = (socket as unknown as { _socket: Socket })._socket
  connection.pause()
  for (let n = 0; n < largeCount; n++) await post(url, `${n} ${large}`)
  connection.resume()
  const [code, why] = (await once(socket, 'close')) as [number, Buffer]
  expect({ code, why: why.toString() }).toEqual({ code: 1008, why: 'offset-gone' })
})

test('a subscription that is behind and overtaken ends with an error, and its socket goes on', async () => {
  const server = await startTestServer()
  const url = await makeChannel(server, { 'stream-retention-count': '2' })
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/socket`, 'tidings.v1')
  onTestFinished(() => socket.terminate())
  const envelopes: { type: string }[] = []
  const error = new Promise((resolve) => {
    socket.on('message', (data) => {
      const envelope = JSON.parse(String(data)) as { type: string }
      envelopes.push(envelope)
      if (envelope.type === 'error') resolve(envelope)
    })
  })
  await once(socket, 'open')
  socket.send('{"type":"subscribe","channel":"cake","offset":"-1"}')
  await once(socket, 'message')
  const connection = (socket as unknown as { _socket: Socket })._socket
  connection.pause()
  for (let n = 0; n < largeCount; n++) await post(url, `${n} ${large}`)
  connection.resume()
  expect(await error).toMatchObject({
    code: 'offset-gone',
    channel: 'cake',
    earliestOffset: expect.any(String),
  })
  const pong = once(socket, 'message')
  socket.send('{"type":"ping"}')
  expect(String((await pong)[0])).toBe('{"type":"pong"}')
})

test('retention is part of what a channel is made as, and said back by PUT and HEAD', async () => {
  const server = await startTestServer()
  const retention = {
    'stream-retention-age': '60',
    'stream-retention-count': '10',
    'stream-retention-bytes': '1000',
  }
  const url = await makeChannel(server, retention)
  const put = (headers: Record<string, string>) =>
    fetch(url, { method: 'PUT', headers: { ...json, ...headers } })
  const same = await put(retention)
  expect(same.status).toBe(200)
  const head = await fetch(url, { method: 'HEAD' })
  for (const answer of [same, head]) expect(Object.fromEntries(answer.headers)).toMatchObject(retention)
  const others = Object.keys(retention).map((name) => ({ ...retention, [name]: '11' }))
  for (const other of [{}, ...others]) {
    const answer = await put(other)
    expect(answer.status).toBe(409)
    expect(await answer.json()).toMatchObject({ code: 'channel-exists' })
  }
})

test.each(['0', '-1', '01', '1.5', 'x', '', '1e3', '9'.repeat(16)])(
  'a retention of %j is refused',
  async (value) => {
    const server = await startTestServer()
    for (const name of ['stream-retention-age', 'stream-retention-count', 'stream-retention-bytes']) {
      const url = `${server.url}/v1/stream/cake`
      const answer = await fetch(url, { method: 'PUT', headers: { ...json, [name]: value } })
      expect(answer.status).toBe(400)
      expect(await answer.json()).toMatchObject({ code: 'retention-invalid' })
      expect((await fetch(url, { method: 'HEAD' })).status).toBe(404)
    }
  },
)

test('a fork begins where its source does, keeps what it stands on, and is not made of what is gone', async () => {
  const server = await startTestServer()
  const url = await makeChannel(server, { 'stream-retention-count': '2' })
  const first = await post(url, 'first')
  for (const value of ['second', 'third']) await post(url, value)
  const point = await post(url, 'fourth')
  await untilPassed(url, first)
  const forked = { 'stream-forked-from': '/v1/stream/cake' }
  const fork = await makeChannel(server, forked, 'fork')
  for (const value of ['fifth', 'sixth', 'seventh']) await post(url, value)
  await untilPassed(url, point)
  expect(await (await fetch(fork)).json()).toEqual(['third', 'fourth'])
  const gone = await fetch(`${server.url}/v1/stream/other`, {
    method: 'PUT',
    headers: { ...json, ...forked, 'stream-fork-offset': first },
  })
  expect(gone.status).toBe(410)
  expect(await gone.json()).toMatchObject({ code: 'offset-gone' })
})

test('the command line makes such channels, and says what it would not take', async () => {
  const server = await startTestServer()
  const options = { url: server.url }
  const flags = ['--retain-age', '60', '--retain-count', '10', '--retain-bytes', '1000']
  expect((await tidings(['create', 'cake', ...flags, '--durability', 'memory'], options)).code).toBe(0)
  const { headers } = await fetch(`${server.url}/v1/stream/cake`, { method: 'HEAD' })
  expect(Object.fromEntries(headers)).toMatchObject({
    'stream-durability': 'memory',
    'stream-retention-age': '60',
    'stream-retention-count': '10',
    'stream-retention-bytes': '1000',
  })
  const none = await tidings(['create', 'none', '--retain-count', '0'], options)
  expect(none.code).toBe(2)
  expect(none.stderr).toContain('Stream-Retention-Age, -Count and -Bytes are whole numbers from 1 on')
  const unknown = await tidings(['create', 'none', '--durability', 'stone'], options)
  expect(unknown.code).toBe(2)
  expect(unknown.stderr).toContain('Allowed choices are fsync, os, memory')
})
