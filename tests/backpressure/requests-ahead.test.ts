import { expect, test } from 'vitest'
import { createTestChannel, type TestChannel } from '../support/channel.js'
import { rawConnection } from '../support/raw-client.js'
import { statsOf } from '../support/stats.js'
import { Growth, startMeasuredServer } from './measured-server.js'
import { numbered } from './numbered.js'

const mostGrowthMebibytes = 60

const read = 'GET /v1/stream/cake?offset=-1 HTTP/1.1\r\nHost: localhost\r\n\r\n'

/** A channel whose first answer is as large as answers get. */
async function publishMebibyte(channel: TestChannel): Promise<void> {
  await channel.publish(...Array.from({ length: 40 }, (_, place) => numbered(place, 30_000)))
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

  let answers = 0
  let tail = ''
  const allAnswered = new Promise<void>((resolve) => {
    connection.on('data', (chunk: Buffer) => {
      const text = tail + chunk.toString('latin1')
      answers += text.split('HTTP/1.1 200 OK').length - 1
      tail = text.slice(-14)
      if (answers === 100) resolve()
    })
  })
  connection.resume()
  await allAnswered
})

test('a client that asks ever further ahead is cut', async () => {
  const server = await startMeasuredServer('os')
  const channel = await createTestChannel(server)
  await publishMebibyte(channel)
  const growth = await Growth.from(server)
  const connection = await rawConnection(server.url)
  connection.pause()
  connection.write(read.repeat(2_000))
  // With a reset or without: either is an end.
  await new Promise((resolve) => connection.resume().once('close', resolve))
  await growth.look()
  expect(growth.mebibytes).toBeLessThan(mostGrowthMebibytes)
  expect((await fetch(channel.url)).status).toBe(200)
})
