import { expect, test } from 'vitest'
import type { Channel } from './channel.js'
import type { Engine } from './engine.js'
import { MemoryEngine } from './engines/memory.js'
import { Log } from './log.js'
import { turns } from './standing-log-suite.js'

const empty = { contentType: 'application/json', messages: [] }
const messages = [Buffer.from('1')]
const many = 40

/** A log whose engine keeps at once, and how many messages each of its commits brought. */
async function countingLog(durability: Engine['durability']) {
  const engine = new MemoryEngine()
  Object.defineProperty(engine, 'durability', { value: durability })
  const log = new Log(engine)
  const { channel } = await log.create('cake', empty)
  const commits: number[] = []
  log.onKept(([change]) => commits.push(change?.batches[0]?.messageCount ?? 0))
  return { log, channel, commits }
}

const append = (log: Log, channel: Channel) =>
  new Promise<void>((resolve) => log.appendThen(channel, { messages }, () => resolve()))

/** Each appends again as soon as it is told, but for the turns that its answer and its request take. */
async function closedLoop(log: Log, channel: Channel, turnsAway: (publisher: number) => number) {
  const publish = async (publisher: number) => {
    for (let round = 0; round < 10; round++) {
      await append(log, channel)
      await turns(turnsAway(publisher))
    }
  }
  await Promise.all(Array.from({ length: many }, (_, publisher) => publish(publisher)))
}

test('publishers who wait for each acknowledgement are kept together, though they come back one after the other', async () => {
  const { log, channel, commits } = await countingLog('fsync')
  await closedLoop(log, channel, (publisher) => 1 + (publisher % 5))
  // Five turns a round bring a fifth of them each.
  expect(commits.length).toBeLessThanOrEqual(25)
})

test('one that stays away does not keep the others waiting', async () => {
  const { log, channel, commits } = await countingLog('fsync')
  await Promise.all(Array.from({ length: many }, () => append(log, channel)))
  const again = Array.from({ length: many - 3 }, () => append(log, channel))
  await turns(1)
  expect(commits).toEqual([many, many - 3])
  await Promise.all(again)
})

test('when most of them stay away, the others are kept all the same', async () => {
  const { log, channel, commits } = await countingLog('fsync')
  await Promise.all(Array.from({ length: many }, () => append(log, channel)))
  await append(log, channel)
  expect(commits).toEqual([many, 1])
})

test('nobody waits for publishers who were told a while ago', async () => {
  const { log, channel, commits } = await countingLog('fsync')
  await Promise.all(Array.from({ length: many }, () => append(log, channel)))
  await new Promise((resolve) => setTimeout(resolve, 5))
  void append(log, channel)
  await turns(1)
  expect(commits).toEqual([many, 1])
})

test('a few publishers wait for nobody', async () => {
  const { log, channel, commits } = await countingLog('fsync')
  await Promise.all([append(log, channel), append(log, channel)])
  void append(log, channel)
  await turns(1)
  expect(commits).toEqual([2, 1])
})

test('where nothing is flushed nobody is waited for', async () => {
  const { log, channel, commits } = await countingLog('memory')
  await Promise.all(Array.from({ length: many }, () => append(log, channel)))
  void append(log, channel)
  await turns(1)
  expect(commits).toEqual([many, 1])
})
