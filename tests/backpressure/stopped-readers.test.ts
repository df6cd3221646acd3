import { expect, test } from 'vitest'
import { createTestChannel, type TestChannel } from '../support/channel.js'
import { RawEventStream, RawWebSocket } from '../support/raw-client.js'
import { statsOf } from '../support/stats.js'
import { Growth, startMeasuredServer } from './measured-server.js'
import { type Count, countEnvelopes, countEvents, countFrames, numbered } from './numbered.js'

const mebibyte = 1024 ** 2
const messageBytes = 32 * 1024
const messageCount = (64 * mebibyte) / messageBytes
/** Of each of the three ways that stay open. */
const stoppedOfEachWay = 7
/** Beyond what the server holds at rest: 21 sinks with their high-water mark of 1 MiB each, and what is on its way. */
const mostGrowthMebibytes = 60

/** A reader that can stop reading and go on. */
interface Stoppable {
  stop(): void
  /** Counts from the first message on. */
  goOn(): Count
}

type Opening = (url: (query: Record<string, string>) => string) => Promise<Stoppable>

const openings: Record<string, Opening> = {
  'an event stream': async (url) => {
    const stream = await RawEventStream.open(url({ offset: '-1', live: 'sse' }))
    return { stop: () => {}, goOn: () => countEvents(stream) }
  },
  'a plain WebSocket': async (url) => {
    const raw = await RawWebSocket.open(url({ offset: '-1', live: 'websocket' }))
    return stoppableSocket(raw, countFrames(raw))
  },
  'a socket of tidings.v1': async (url) => {
    const raw = await RawWebSocket.open(url({ offset: '-1', live: 'websocket' }), 'tidings.v1')
    return stoppableSocket(raw, countEnvelopes(raw))
  },
}

function stoppableSocket({ socket, messages }: RawWebSocket, count: Count): Stoppable {
  // Who keeps every message would be the one whose memory grows.
  socket.on('message', () => messages.splice(0))
  const goOn = () => {
    socket.resume()
    return count
  }
  return { stop: () => socket.pause(), goOn }
}

test('readers that stop reading cost bounded memory and delay nobody, and hear everything once, in order, when they read on', async () => {
  const server = await startMeasuredServer('os')
  const channel = await createTestChannel(server)
  const stopped: Stoppable[] = []
  const reading: Count[] = []
  for (const open of Object.values(openings)) {
    for (let count = 0; count < stoppedOfEachWay; count++) stopped.push(await open(channel.reading))
    reading.push((await open(channel.reading)).goOn())
  }
  await statsOf(server).until(({ listeners }) => listeners === stopped.length + reading.length)
  for (const reader of stopped) reader.stop()

  const growth = await Growth.from(server)
  await publishAll(channel, growth)
  // Those that read are through while the others stand still, and alone at the tail.
  for (const count of reading) expect(await count.reaches(messageCount)).toBe(`${messageCount} in order`)
  await statsOf(server).until(({ listeners }) => listeners === reading.length)
  await growth.look()
  console.log(`${stopped.length} stopped readers: at most ${growth.mebibytes} MiB more than at rest`)
  expect(growth.mebibytes).toBeLessThan(mostGrowthMebibytes)

  // One of each way goes on; the tail is theirs again.
  const resumed = stopped.filter((_, index) => index % stoppedOfEachWay === 0).map((reader) => reader.goOn())
  for (const count of resumed) expect(await count.reaches(messageCount)).toBe(`${messageCount} in order`)
  await statsOf(server).until(({ listeners }) => listeners === reading.length + resumed.length)
  await channel.publish(numbered(messageCount, messageBytes))
  for (const count of [...resumed, ...reading]) await count.reaches(messageCount + 1)
})

test('readers that stop while they are far behind cost bounded memory, and hear everything once, in order, when they read on', async () => {
  const server = await startMeasuredServer('os')
  const channel = await createTestChannel(server)
  const growth = await Growth.from(server)
  await publishAll(channel, growth)
  const stopped: Stoppable[] = []
  for (const open of Object.values(openings)) {
    for (let count = 0; count < stoppedOfEachWay; count++) {
      const reader = await open(channel.reading)
      reader.stop()
      stopped.push(reader)
    }
  }
  // The server goes on until each of them is backed up.
  for (let before = -1, now = 0; now !== before; await growth.look()) {
    before = now
    const { ways } = await statsOf(server).now()
    now = ways.sse.bytesOut + ways.websocket.bytesOut
  }
  console.log(`${stopped.length} readers stopped behind: at most ${growth.mebibytes} MiB more than at rest`)
  expect(growth.mebibytes).toBeLessThan(mostGrowthMebibytes)

  const resumed = stopped.filter((_, index) => index % stoppedOfEachWay === 0).map((reader) => reader.goOn())
  for (const count of resumed) expect(await count.reaches(messageCount)).toBe(`${messageCount} in order`)
})

async function publishAll(channel: TestChannel, growth: Growth): Promise<void> {
  for (let place = 0; place < messageCount; place += 32) {
    const messages = Array.from({ length: 32 }, (_, index) => numbered(place + index, messageBytes))
    await channel.publish(...messages)
    if (place % 256 === 0) await growth.look()
  }
}
