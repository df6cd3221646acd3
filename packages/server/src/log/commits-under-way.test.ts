import { expect, test } from 'vitest'
import type { Log } from './log.js'
import { standingLog, turns } from './standing-log-suite.js'

const empty = { contentType: 'application/json', messages: [] }
const [one, two] = [Buffer.from('1'), Buffer.from('2')]

/** Whether a promise has settled by now, one way or the other. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  const note = () => {
    settled = true
  }
  promise.then(note, note)
  await turns()
  return settled
}

const refusal = (code: string) => expect.objectContaining({ code })

test('a channel is not there for readers, nor made for a second creator, before it is kept', async () => {
  const { log, stand, goOn } = standingLog()
  stand()
  const first = log.create('cake', empty)
  const second = log.create('cake', empty)
  expect(() => log.find('cake')).toThrow(refusal('channel-unknown'))
  expect(await isSettled(second)).toBe(false)
  goOn()
  expect((await second).channel).toBe((await first).channel)
  expect((await second).isNew).toBe(false)
  expect(log.find('cake')).toBe((await first).channel)
})

test('a refusal that stands on an append under way waits until that is kept', async () => {
  const { log, stand, goOn } = standingLog()
  const { channel } = await log.create('cake', empty)
  stand()
  const kept = log.append(channel, { messages: [one], producer: { id: 'p', epoch: 0, seq: 0 } })
  const refused = log.append(channel, { messages: [one], producer: { id: 'p', epoch: 0, seq: 5 } })
  expect(await isSettled(refused)).toBe(false)
  goOn()
  await kept
  await expect(refused).rejects.toEqual(refusal('producer-gap'))
})

test('a channel whose removal is under way is not found, though the engine has it still', async () => {
  const { log, stand, goOn } = standingLog()
  const { channel } = await log.create('cake', empty)
  stand()
  const removal = log.remove('cake')
  expect(() => log.findToAppend('cake')).toThrow(refusal('channel-unknown'))
  const again = log.create('cake', empty)
  goOn()
  await removal
  expect((await again).isNew).toBe(true)
  expect((await again).channel.history).toBeGreaterThan(channel.history)
})

test('an append to a channel that was removed since it was found is refused, and does not go to its successor', async () => {
  const { log } = standingLog()
  const { channel } = await log.create('cake', empty)
  await log.remove('cake')
  const { channel: successor } = await log.create('cake', empty)
  await expect(log.append(channel, { messages: [one] })).rejects.toEqual(refusal('channel-unknown'))
  expect(successor.admittedTail).toBe(0)
})

test('a read stops at what is kept, though the engine shows what is not yet', async () => {
  const { log, stand, goOn } = standingLog('after')
  const { channel } = await log.create('cake', empty)
  await log.append(channel, { messages: [one] })
  stand()
  const append = log.append(channel, { messages: [two] })
  await turns()
  expect((await log.reader.read(channel, 0, 1_000)).map(({ end }) => end)).toEqual([1])
  goOn()
  await append
  expect((await log.reader.read(channel, 0, 1_000)).map(({ end }) => end)).toEqual([1, 2])
})

const underWay: Record<string, (log: Log) => Promise<unknown>> = {
  'an append': (log) => log.append(log.findToAppend('cake'), { messages: [one] }),
  'a close': (log) => log.append(log.findToAppend('cake'), { messages: [], close: true }),
  'its creation': (log) => log.create('new', empty),
}

test.each(Object.entries(underWay))(
  'a channel with %s under way stays in memory, however many others are used',
  async (what, begin) => {
    const { log, stand, goOn } = standingLog('before', { maxHeldChannels: 4 })
    await log.create('cake', empty)
    for (let count = 0; count < 20; count++) await log.create(`other-${count}`, empty)
    stand()
    const begun = begin(log)
    const name = what === 'its creation' ? 'new' : 'cake'
    const held = log.findToAppend(name)
    for (let count = 0; count < 20; count++) log.list('m', 1_000)
    expect(log.findToAppend(name)).toBe(held)
    goOn()
    await begun
  },
)
