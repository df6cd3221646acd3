import type { OffsetRequest, Problem } from '@tidings/protocol'
import { expect, test, vi } from 'vitest'
import { Hub } from '../../hub/index.js'
import { MemoryEngine } from '../../log/engines/memory.js'
import { Log } from '../../log/log.js'
import type { Answer, Exchange } from '../exchange.js'
import type { Station } from '../transport.js'
import { streamsByLongPoll } from './long-poll.js'
import { isPlace, withPlaces } from './places.js'

const now: OffsetRequest = { at: 'now' }
const last: OffsetRequest = { at: 'last', count: 1 }

const exchange = { problemOf: (error: unknown) => error as Problem } as unknown as Exchange

async function logWithChannels(maxHeldChannels?: number) {
  const log = new Log(new MemoryEngine(), { ...(maxHeldChannels !== undefined && { maxHeldChannels }) })
  await log.create('cake', { contentType: 'application/json', messages: [] })
  await log.create('tea', { contentType: 'text/plain', messages: [Buffer.from('brewing')] })
  return log
}

test('channels stay in memory until their reader has begun, and no longer', async () => {
  const log = await logWithChannels(4)
  let count = 0
  const crowd = async () => {
    for (let more = 0; more < 20; more++) {
      await log.create(`other-${count++}`, { contentType: 'application/json', messages: [] })
    }
  }
  const streams = [
    { name: 'cake', start: now },
    { name: 'none', start: now },
    { name: 'tea', start: last },
  ]
  await withPlaces({ log } as Station, exchange, streams, async (outcomes) => {
    await crowd()
    const channels = outcomes.filter(isPlace).map(({ channel }) => channel)
    expect(channels).toEqual([log.find('cake'), log.find('tea')])
    expect(channels[0]).toBe(log.find('cake'))
    expect(channels[1]).toBe(log.find('tea'))
  })
  const before = log.find('cake')
  await crowd()
  expect(log.find('cake')).not.toBe(before)
})

test('a channel that goes while another is looked up is told to a long poll, which is not held for it', async () => {
  const log = await logWithChannels()
  const resolve = vi.spyOn(log, 'resolve')
  resolve.mockImplementationOnce(async (channel) => channel.keptTail)
  resolve.mockImplementationOnce(async (channel) => {
    await log.remove('cake')
    return channel.keptTail
  })
  const answers: Answer[] = []
  await streamsByLongPoll.open(
    { log, hub: new Hub(log), holds: new Set() } as unknown as Station,
    { ...exchange, respond: (answer) => answers.push(answer), onGone: () => {} },
    {
      streams: [
        { name: 'cake', start: now },
        { name: 'tea', start: now },
      ],
      withOffsets: false,
      holdMs: 0,
    },
  )
  expect(answers.map(({ body }) => JSON.parse(String(body))[0])).toEqual([
    { type: 'deleted', channel: 'cake' },
  ])
})
