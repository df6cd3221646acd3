import {
  type ChannelAddress,
  closeChannel,
  type Publisher,
  postPublisher,
  read,
  socketPublisher,
} from '@tidings/client/ways'
import { ways } from '@tidings/protocol'
import { expect, test } from 'vitest'
import { describeFaults } from '../support/history-checker.js'
import { HistoryRecorder } from '../support/history-recorder.js'
import { pick, randomOf, seedOfRun } from '../support/random.js'
import { temporaryFolder } from '../support/test-server.js'
import { onNode } from '../support/ways.js'
import { namesOn, startWithOrders } from './support.js'

// The same choices once more: SEED=<the seed that was printed>.
const seed = seedOfRun()
const rounds = 25

test.each(['memory', 'disk'] as const)(
  'all who come first at once, publishers and readers, meet on one channel: each message once, in one order (%s)',
  async (engine) => {
    console.log(`SEED=${seed}`)
    const random = randomOf(seed)
    const server = await startWithOrders({ engine, data: await temporaryFolder(), longPollMs: 200 })
    for (let round = 0; round < rounds; round++) {
      const address = { server: server.url, channel: `orders/${round}` }
      const history = new HistoryRecorder()
      // The race is for the channel: who publishes and who reads come in any order, in the same moment.
      const publishing: Promise<void>[] = []
      const reading: Promise<void>[] = []
      const comers = 2 + Math.floor(random() * 6)
      for (let index = 0; index < comers; index++) {
        if (index === 0 || random() < 0.5) publishing.push(publish(address, history, `P${index}`, random))
        else reading.push(hear(address, history, `${index}`, random))
      }
      reading.push(hear(address, history, 'last', random))
      await Promise.all(publishing)
      await closeChannel(address)
      await Promise.all(reading)
      expect(describeFaults(history.findFaults())).toBe('nothing wrong')
    }
    expect(await namesOn(server)).toHaveLength(rounds)
  },
)

async function publish(
  address: ChannelAddress,
  history: HistoryRecorder,
  name: string,
  random: () => number,
): Promise<void> {
  const log = history.publisher(name)
  const open = pick(random, [
    (): Publisher => postPublisher(address),
    (): Publisher => socketPublisher(address, onNode),
  ])
  const publisher = open()
  const messages = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, index) => `${name} ${index}`)
  // All at once, without waiting for the first: the channel is there for those behind it.
  await Promise.all(
    messages.map(async (message) => {
      log.attempted(JSON.stringify(message))
      const { nextOffset } = await publisher.publish([message])
      log.acknowledged(JSON.stringify(message), nextOffset)
    }),
  )
  await publisher.stop()
}

async function hear(
  address: ChannelAddress,
  history: HistoryRecorder,
  name: string,
  random: () => number,
): Promise<void> {
  const way = pick(random, ways)
  const pass = history.pass(`${name} by ${way}`, '-1')
  for await (const batch of read(address, { way, offset: '-1', intervalMs: 5, ...onNode })) pass.saw(batch)
}
