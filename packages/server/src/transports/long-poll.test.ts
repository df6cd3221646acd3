import { expect, test } from 'vitest'
import { Hub } from '../hub/index.js'
import { MemoryEngine } from '../log/engines/memory.js'
import { Log } from '../log/index.js'
import type { Answer, Exchange } from './exchange.js'
import { longPoll } from './long-poll.js'
import type { Reading, Station } from './transport.js'

const spec = { contentType: 'application/json', messages: [] }

/** A channel, and so many polls that are held there. */
async function held(count: number) {
  const log = new Log(new MemoryEngine())
  const hub = new Hub(log)
  const { channel } = await log.create('cake', spec)
  const answers: Answer[] = []
  const troubles: unknown[] = []
  const station = { log, hub, holds: new Set(), now: Date.now } as unknown as Station
  const exchange = {
    checkMayBegin: () => {},
    onGone: () => {},
    respond: (answer) => answers.push(answer),
    fail: (error) => troubles.push(error),
  } as Partial<Exchange> as Exchange
  const reading = { channel, position: 0, holdMs: 10_000, cursor: null } as Partial<Reading> as Reading
  for (let poll = 0; poll < count; poll++) await longPoll.open(station, exchange, reading)
  return { log, hub, channel, answers, troubles }
}

test('thousands of polls that are answered by one message leave turns to others, as other readers do', async () => {
  const { log, hub, channel, answers } = await held(2_500)
  await log.append(channel, { messages: [Buffer.from('"ready"')] })
  expect(answers.length).toBeGreaterThan(0)
  expect(answers.length).toBeLessThan(1_500)
  await hub.idle()
  expect(answers.length).toBe(2_500)
  expect(new Set(answers.map(({ body }) => String(body)))).toEqual(new Set(['["ready"]']))
})

test('a poll that is answered is not told that the channel went with the same commit', async () => {
  const { log, channel, answers, troubles } = await held(1)
  // On whose account what is in the channel stays, and is kept with its end.
  await log.create('fork', { ...spec, fork: { source: 'cake', subOffset: 0 } })
  const appended = log.append(channel, { messages: [Buffer.from('"ready"')] })
  await log.remove('cake')
  await appended
  expect(answers.map(({ status, body }) => [status, String(body)])).toEqual([[200, '["ready"]']])
  expect(troubles).toEqual([])
})
