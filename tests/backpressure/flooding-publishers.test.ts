import { expect, test } from 'vitest'
import { createTestChannel, type TestChannel } from '../support/channel.js'
import { RawWebSocket } from '../support/raw-client.js'
import { Growth, startMeasuredServer } from './measured-server.js'
import { Count, countFrames, numbered } from './numbered.js'

const mebibyte = 1024 ** 2
/** Large and few, so that a bound on their number alone would not do; small and many, so that one on bytes would not. */
const floods = [
  { messageBytes: mebibyte, messageCount: 96 },
  { messageBytes: 100, messageCount: 20_000 },
]
/** A socket's own share is a few MiB; a commit under way, and what is read back for those who listen, come on top. */
const mostGrowthMebibytes = 60

for (const { messageBytes, messageCount } of floods) {
  const flood = `${messageCount} messages of ${messageBytes} bytes`

  test(`a socket of tidings.v1 that floods with ${flood} is held back, and all of them are kept in order`, async () => {
    const server = await startMeasuredServer('fsync')
    const channel = await createTestChannel(server)
    const raw = await RawWebSocket.open(`${server.url}/v1/socket`, 'tidings.v1')
    const acknowledged = new Count()
    raw.socket.on('message', (data) => {
      const { type, id } = JSON.parse(String(data))
      if (type === 'published') acknowledged.hear(String(id))
    })
    const growth = await Growth.from(server)
    for (let place = 0; place < messageCount; place++) {
      const messages = [numbered(place, messageBytes)]
      raw.send({ type: 'publish', id: place, channel: channel.channel, messages })
    }
    await lookUntil(growth, acknowledged.reaches(messageCount))
    console.log(`${flood} over tidings.v1: at most ${growth.mebibytes} MiB more than at rest`)
    expect(growth.mebibytes).toBeLessThan(mostGrowthMebibytes)
    expect(await countKept(channel, messageCount)).toBe(`${messageCount} in order`)
  })

  test(`a plain WebSocket that floods with ${flood} is held back, and all of them are kept in order`, async () => {
    const server = await startMeasuredServer('fsync')
    const channel = await createTestChannel(server)
    const raw = await RawWebSocket.open(channel.reading({ live: 'websocket' }))
    const echoed = countFrames(raw)
    const growth = await Growth.from(server)
    for (let place = 0; place < messageCount; place++) {
      raw.send(JSON.stringify(numbered(place, messageBytes)))
    }
    await lookUntil(growth, echoed.reaches(messageCount))
    console.log(`${flood} in plain mode: at most ${growth.mebibytes} MiB more than at rest`)
    expect(growth.mebibytes).toBeLessThan(mostGrowthMebibytes)
    expect(await countKept(channel, messageCount)).toBe(`${messageCount} in order`)
  })
}

/** Looks at the server's memory again and again while something goes on. */
async function lookUntil(growth: Growth, done: Promise<string>): Promise<void> {
  let isDone = false
  const end = done.then((told) => {
    isDone = true
    return told
  })
  while (!isDone) await growth.look()
  expect(await end).toMatch(/ in order$/)
}

/** Reads the channel from its beginning, answer by answer, and keeps none of it. */
async function countKept(channel: TestChannel, messageCount: number): Promise<string> {
  const count = new Count()
  let offset = '-1'
  while (count.next < messageCount && count.fault === undefined) {
    const answer = await fetch(channel.reading({ offset }))
    for (const message of (await answer.json()) as string[]) count.hear(message)
    offset = answer.headers.get('stream-next-offset') ?? ''
  }
  return await count.reaches(messageCount)
}
