import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { createTestChannel, type TestChannel } from '../support/channel.js'
import { rawConnection } from '../support/raw-client.js'
import { frameBytes, upgradeHeaders } from '../support/raw-websocket.js'
import { statsOf } from '../support/stats.js'
import { Growth, startMeasuredServer } from './measured-server.js'
import { numbered } from './numbered.js'

const mostGrowthMebibytes = 60

const read = 'GET /v1/stream/cake?offset=-1 HTTP/1.1\r\nHost: localhost\r\n\r\n'

/** A channel whose first answer is as large as answers get. */
async function publishMebibyte(channel: TestChannel): Promise<void> {
  await channel.publish(...Array.from({ length: 40 }, (_, place) => numbered(place, 30_000)))
}

/** Resolves when so many answers have come. */
function answersOf(connection: Socket, count: number): Promise<void> {
  let answers = 0
  let tail = ''
  return new Promise<void>((resolve) => {
    connection.on('data', (chunk: Buffer) => {
      const text = tail + chunk.toString('latin1')
      answers += text.split('HTTP/1.1 200 OK').length - 1
      tail = text.slice(-14)
      if (answers === count) resolve()
    })
  })
}

test('a client that asks a hundred times ahead and reads no answer costs one answer, and gets them all when it reads', async () => {
  const server = await startMeasuredServer('os')
  const channel = await createTestChannel(server)
  await publishMebibyte(channel)
  const growth = await Growth.from(server)
  const connection = await rawConnection(server.url)
  connection.pause()
  connection.write(read.repeat(100))
  await statsOf(server).until(({ ways }) => ways['short-poll'].requests > 0)
  for (let look = 0; look < 10; look++) await growth.look()
  expect(growth.mebibytes).toBeLessThan(mostGrowthMebibytes)

  const answered = answersOf(connection, 100)
  connection.resume()
  await answered
})

test('a client that asks ever further ahead is not read meanwhile, and gets all its answers when it reads', async () => {
  const server = await startMeasuredServer('os')
  const channel = await createTestChannel(server)
  await channel.publish('cake')
  const growth = await Growth.from(server)
  const connection = await rawConnection(server.url)
  // Held: while it is, none behind it is answered, and nothing that a client reads could make it be read on.
  const poll = 'GET /v1/stream/cake?offset=now&live=long-poll HTTP/1.1\r\nHost: localhost\r\n\r\n'
  const count = 50_000
  connection.write(poll)
  connection.write(read.repeat(count))
  await statsOf(server).until(({ heldPolls }) => heldPolls === 1)
  for (let look = 0; look < 10; look++) await growth.look()
  // 3 MiB of requests were sent; read and waiting they would be 150.
  expect(growth.mebibytes).toBeLessThan(mostGrowthMebibytes)

  const answered = answersOf(connection, count + 1)
  await channel.publish('news')
  await answered
})

test('a WebSocket behind more requests than are read ahead opens in its turn, and misses nothing', async () => {
  const server = await startMeasuredServer('os')
  const channel = await createTestChannel(server)
  const connection = await rawConnection(server.url)
  const poll = 'GET /v1/stream/cake?offset=now&live=long-poll HTTP/1.1\r\nHost: localhost\r\n\r\n'
  const head = Object.entries(upgradeHeaders).map(([name, value]) => `${name}: ${value}\r\n`)
  const open = `GET /v1/stream/cake?offset=-1&live=websocket HTTP/1.1\r\nHost: localhost\r\n${head.join('')}\r\n`
  connection.write(poll + read.repeat(150) + open)
  await statsOf(server).until(({ heldPolls }) => heldPolls === 1)
  // Alone, so that it waits unread until there is a socket to hear it.
  connection.write(frameBytes({ opcode: 1, payload: '"from the socket"' }))
  const switched = new Promise<void>((resolve) => {
    let text = ''
    connection.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (text.includes('101 Switching Protocols') && text.includes('"from the socket"')) resolve()
    })
  })
  await channel.publish('news')
  await switched
})
