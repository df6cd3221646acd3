import { expect, test } from 'vitest'
import { Growth, type MeasuredServer, startMeasuredServer } from '../backpressure/measured-server.js'
import { numbered } from '../backpressure/numbered.js'
import { createTestChannel } from '../support/channel.js'
import { RawEventStream, RawWebSocket } from '../support/raw-client.js'
import { statsOf } from '../support/stats.js'
import { type AnyEnvelope, streamsUrl } from './support.js'

const channelCount = 64
const messageCount = 32
const messageBytes = 32 * 1024
const stoppedCount = 6
/** Each reader's high-water mark of 1 MiB and one read of 256 KiB, and what is on its way. */
const mostGrowthMebibytes = 30

/** What is heard of each channel from now on, in numbers. */
function countByChannel(stream: RawEventStream) {
  const heard = new Map<string, number[]>()
  let rest = ''
  stream.response.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines.filter((each) => each.startsWith('data:'))) {
      const { channel = '', messages = [] } = JSON.parse(line.slice(5)) as AnyEnvelope
      const numbers = messages.map((message) => Number.parseInt(String(message), 10))
      heard.set(channel, [...(heard.get(channel) ?? []), ...numbers])
    }
  })
  return heard
}

async function startWithChannels() {
  const server = await startMeasuredServer('os')
  const names = Array.from({ length: channelCount }, (_, index) => `c${index}`)
  for (const channel of names) {
    const { publish } = await createTestChannel(server, { channel })
    await publish(...Array.from({ length: messageCount }, (_, place) => numbered(place, messageBytes)))
  }
  return { server, names, growth: await Growth.from(server) }
}

/** The server goes on until each reader is backed up. */
async function untilBackedUp(server: MeasuredServer, way: 'sse' | 'websocket', growth: Growth) {
  for (let before = -1, now = 0; now !== before; await growth.look()) {
    before = now
    now = (await statsOf(server).now()).ways[way].bytesOut
  }
  console.log(
    `${stoppedCount} readers of ${channelCount} channels: ${growth.mebibytes} MiB more than at rest`,
  )
}

test('event streams of 64 channels whose readers stop far behind cost as little as those of one, and bring all when they read on', async () => {
  const { server, names, growth } = await startWithChannels()
  const url = streamsUrl(server, Object.fromEntries(names.map((name) => [name, '-1'])), { live: 'sse' })
  const stopped = await Promise.all(Array.from({ length: stoppedCount }, () => RawEventStream.open(url)))
  await untilBackedUp(server, 'sse', growth)
  expect(growth.mebibytes).toBeLessThan(mostGrowthMebibytes)

  const [first, ...others] = stopped as [RawEventStream, ...RawEventStream[]]
  const heard = countByChannel(first)
  for (const other of others) other.drop()
  await statsOf(server).until(({ listeners }) => listeners === channelCount)
  const all = Array.from({ length: messageCount }, (_, index) => index)
  const isWhole = () => names.every((name) => heard.get(name)?.length === messageCount)
  while (!isWhole()) await new Promise((resolve) => first.response.once('data', resolve))
  for (const name of names) expect(heard.get(name)).toEqual(all)
})

test('and so do sockets of tidings.v1', async () => {
  const { server, names, growth } = await startWithChannels()
  for (let count = 0; count < stoppedCount; count++) {
    const { socket } = await RawWebSocket.open(`${server.url}/v1/socket`, 'tidings.v1')
    socket.pause()
    for (const channel of names) socket.send(JSON.stringify({ type: 'subscribe', channel, offset: '-1' }))
  }
  await untilBackedUp(server, 'websocket', growth)
  expect(growth.mebibytes).toBeLessThan(mostGrowthMebibytes)
})
