import { expect, test } from 'vitest'
import { Hub } from '../../hub/index.js'
import { MemoryEngine } from '../../log/engines/memory.js'
import { Log } from '../../log/log.js'
import type { Answer, Exchange } from '../exchange.js'
import type { Station } from '../transport.js'
import { streamsByLongPoll } from './long-poll.js'
import type { StreamsReading } from './streams-transport.js'

const spec = { contentType: 'application/json', messages: [] }

/** One commit brings a message to both channels of so many held polls. */
async function answered(count: number) {
  const log = new Log(new MemoryEngine())
  const hub = new Hub(log)
  const [cake, tea] = [await log.create('cake', spec), await log.create('tea', spec)]
  const answers: string[] = []
  const station = { log, hub, holds: new Set() } as unknown as Station
  const exchange = {
    checkMayBegin: () => {},
    onGone: () => {},
    respond: ({ body }: Answer) => answers.push(String(body)),
  } as Partial<Exchange> as Exchange
  const streams = ['cake', 'tea'].map((name) => ({ name, start: { at: 'now' } as const }))
  const reading = { streams, holdMs: 10_000 } as Partial<StreamsReading> as StreamsReading
  for (let poll = 0; poll < count; poll++) await streamsByLongPoll.open(station, exchange, reading)
  const appended = log.append(cake.channel, { messages: [Buffer.from('"ready"')] })
  await Promise.all([appended, log.append(tea.channel, { messages: [Buffer.from('"brewing"')] })])
  return { hub, answers }
}

test('a poll is told in one answer what one commit brought to several of its channels', async () => {
  const { hub, answers } = await answered(3)
  await hub.idle()
  for (const answer of answers) expect(answer).toMatch(/"ready".*"brewing"/)
  expect(answers.length).toBe(3)
})

test('thousands of polls that are answered by one commit leave turns to others', async () => {
  const { hub, answers } = await answered(2_500)
  expect(answers.length).toBeGreaterThan(0)
  expect(answers.length).toBeLessThan(1_500)
  await hub.idle()
  expect(answers.length).toBe(2_500)
})
