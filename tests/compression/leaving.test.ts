import { expect, test } from 'vitest'
import { createTestChannel } from '../support/channel.js'
import { randomOf, seedOfRun } from '../support/random.js'
import { rawConnection } from '../support/raw-client.js'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { askBytes } from './support.js'

/** Each is a chunk of its own, and together they are about all that may wait to be coded (64 MiB). */
const messageCount = 16
const messageBytes = 3_900_000

test('readers that go away while their answers are coded leave nothing behind: there is room for as many again', async () => {
  const server = await startTestServer()
  const contentType = 'text/plain'
  const channel = await createTestChannel(server, { contentType })
  const random = randomOf(seedOfRun())
  for (let place = 0; place < messageCount; place++) {
    // Hard to code, so that it takes a while.
    const bytes = Buffer.alloc((messageBytes / 4) * 3)
    for (let at = 0; at < bytes.byteLength; at += 4) bytes.writeUInt32LE(random() * 2 ** 32, at)
    const body = bytes.toString('base64')
    await fetch(channel.url, { method: 'POST', headers: { 'content-type': contentType }, body })
  }
  const { headers } = await askBytes(channel.url, {}, 'HEAD')
  const [history] = String(headers['stream-next-offset']).split('_')
  const offsets = Array.from(
    { length: messageCount },
    (_, place) => `${history}_${String(place * messageBytes).padStart(16, '0')}`,
  )
  const connections = await Promise.all(
    offsets.map(async (offset) => {
      const connection = await rawConnection(server.url)
      const head = 'Host: localhost\r\nAccept-Encoding: br\r\n'
      connection.write(`GET /v1/stream/cake?offset=${offset} HTTP/1.1\r\n${head}\r\n`)
      return connection
    }),
  )
  await statsOf(server).until(({ ways }) => ways['short-poll'].requests === messageCount)
  for (const connection of connections) connection.destroy()
  await statsOf(server).until(({ ways }) => ways['short-poll'].connectionsOpen === 0)

  const gzip = { 'accept-encoding': 'gzip' }
  const answers = await Promise.all(offsets.map((offset) => askBytes(channel.reading({ offset }), gzip)))
  expect(answers.map((answer) => answer.headers['content-encoding'])).toEqual(offsets.map(() => 'gzip'))
})
