import { once } from 'node:events'
import { expect, test } from 'vitest'
import { createTestChannel } from '../support/channel.js'
import { RawWebSocket, rawConnection } from '../support/raw-client.js'
import { standingDisk } from '../support/standing-disk.js'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { Count, countFrames, numbered } from './numbered.js'

const mebibyte = 1024 ** 2
const messageCount = 50
/** What the server takes of one socket at most while nothing is kept: its share, and a message beyond it. */
const mostTakenBytes = 16 * mebibyte

/** A figure that grows, once it has stopped to; looked at too early it is only lower. */
async function settled(look: () => Promise<number>): Promise<number> {
  const before = await look()
  await new Promise((resolve) => setTimeout(resolve, 50))
  const now = await look()
  return now === before && now > 0 ? now : await settled(look)
}

function post(body: string): string {
  return (
    'POST /v1/stream/cake HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  )
}

function takenBytes(server: { url: string }): Promise<number> {
  // Beyond the first message: before that it has hardly begun.
  return settled(async () => Math.max(0, (await statsOf(server).now()).ways.websocket.bytesIn - mebibyte))
}

test('while the disk stands still, a flooding socket of tidings.v1 is not read', async () => {
  const server = await startTestServer()
  const disk = standingDisk()
  const { channel } = await createTestChannel(server)
  const raw = await RawWebSocket.open(`${server.url}/v1/socket`, 'tidings.v1')
  const acknowledged = new Count()
  raw.socket.on('message', (data) => {
    const { type, id } = JSON.parse(String(data))
    if (type === 'published') acknowledged.hear(String(id))
  })
  disk.stand()
  for (let id = 0; id < messageCount; id++) {
    raw.send({ type: 'publish', id, channel, messages: [numbered(id, mebibyte)] })
  }
  expect(await takenBytes(server)).toBeLessThan(mostTakenBytes)
  disk.goOn()
  expect(await acknowledged.reaches(messageCount)).toBe(`${messageCount} in order`)
})

test('while the disk stands still, a flooding plain WebSocket is not read', async () => {
  const server = await startTestServer()
  const disk = standingDisk()
  const channel = await createTestChannel(server)
  const raw = await RawWebSocket.open(channel.reading({ live: 'websocket' }))
  const echoed = countFrames(raw)
  disk.stand()
  for (let place = 0; place < messageCount; place++) raw.send(JSON.stringify(numbered(place, mebibyte)))
  expect(await takenBytes(server)).toBeLessThan(mostTakenBytes)
  disk.goOn()
  expect(await echoed.reaches(messageCount)).toBe(`${messageCount} in order`)
})

test('while the disk stands still, a connection that posts ahead is not read', async () => {
  const server = await startTestServer()
  const disk = standingDisk()
  const channel = await createTestChannel(server)
  const connection = await rawConnection(server.url)
  connection.resume()
  disk.stand()
  for (let place = 0; place < messageCount; place++) {
    connection.write(post(JSON.stringify(numbered(place, mebibyte - 2))))
  }
  const taken = await settled(async () => (await statsOf(server).now()).ways.publish.requests)
  expect(taken * mebibyte).toBeLessThan(mostTakenBytes)
  disk.goOn()
  await statsOf(server).until(({ ways }) => ways.publish.requests === messageCount)
  const kept = new Count()
  for (let offset = '-1'; kept.next < messageCount && kept.fault === undefined; ) {
    const answer = await fetch(channel.reading({ offset, live: 'long-poll' }))
    for (const message of (await answer.json()) as string[]) kept.hear(message)
    offset = answer.headers.get('stream-next-offset') ?? ''
  }
  expect(await kept.reaches(messageCount)).toBe(`${messageCount} in order`)
})

test('small appends that a connection posts ahead wait for the disk together, and are answered and kept in order', async () => {
  const server = await startTestServer()
  const disk = standingDisk()
  const channel = await createTestChannel(server)
  const connection = await rawConnection(server.url)
  let answers = ''
  connection.on('data', (chunk) => {
    answers += chunk
  })
  disk.stand()
  for (let place = 0; place < messageCount; place++) connection.write(post(String(place)))
  // All of them have begun, though none is kept.
  await statsOf(server).until(({ ways }) => ways.publish.requests === messageCount)
  expect(answers).toBe('')
  connection.write('GET /v1/stream/cake HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  disk.goOn()
  await once(connection, 'close')
  const positions = [...answers.matchAll(/stream-next-offset: \d+_(\d+)/g)].map(([, position]) =>
    Number(position),
  )
  // The read behind them hears all of them.
  expect(positions).toEqual([...Array.from({ length: messageCount }, (_, place) => place + 1), messageCount])
  expect(await (await fetch(channel.url)).json()).toEqual(
    Array.from({ length: messageCount }, (_, place) => place),
  )
})

test('an append behind an append that waits for a read does not overtake it', async () => {
  const server = await startTestServer({ longPollMs: 100 })
  const channel = await createTestChannel(server)
  const connection = await rawConnection(server.url)
  const poll = 'GET /v1/stream/cake?offset=now&live=long-poll HTTP/1.1\r\nHost: localhost\r\n\r\n'
  const last = 'GET /v1/stream/cake HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
  connection.resume().write(poll + post('1') + post('2') + last)
  await once(connection, 'close')
  expect(await (await fetch(channel.url)).json()).toEqual([1, 2])
})

test('a socket that is not read while the disk stands still is not taken for dead', async () => {
  const server = await startTestServer({ heartbeatMs: 100 })
  const disk = standingDisk()
  const channel = await createTestChannel(server)
  const raw = await RawWebSocket.open(channel.reading({ live: 'websocket' }))
  const echoed = countFrames(raw)
  const beats = new Promise<void>((resolve) => {
    let count = 0
    raw.socket.on('ping', () => {
      if (++count === 10) resolve()
    })
  })
  disk.stand()
  for (let place = 0; place < messageCount; place++) raw.send(JSON.stringify(numbered(place, mebibyte)))
  expect(await Promise.race([beats, raw.closed])).toBeUndefined()
  disk.goOn()
  expect(await echoed.reaches(messageCount)).toBe(`${messageCount} in order`)
})
