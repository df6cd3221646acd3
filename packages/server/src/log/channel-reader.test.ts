import { expect, test } from 'vitest'
import type { Channel } from './channel.js'
import { MemoryEngine } from './engines/memory.js'
import { Log } from './log.js'

const json = { contentType: 'application/json', messages: [] }

async function appendOnes(log: Log, channel: Channel, count: number) {
  for (let made = 0; made < count; made++) await log.append(channel, { messages: [Buffer.from('1')] })
}

test('a read that goes from a fork’s source on into the fork counts what batches take beside their payload', async () => {
  const log = new Log(new MemoryEngine())
  const { channel: source } = await log.create('source', json)
  await appendOnes(log, source, 60)
  const { channel: fork } = await log.create('fork', { ...json, fork: { source: 'source', subOffset: 0 } })
  await appendOnes(log, fork, 60)
  const batches = await log.reader.read(fork, 0, 100 * 201)
  expect(batches).toHaveLength(100)
  expect(batches.at(-1)?.end).toBe(100)
})

test('a page backwards has as many messages as are asked for, though each came in a commit of its own', async () => {
  const log = new Log(new MemoryEngine())
  const { channel } = await log.create('cake', json)
  await appendOnes(log, channel, 8_000)
  const limits = { maxMessages: 7_000, maxBytes: 1024 * 1024 }
  expect(await log.reader.readBack(channel, 8_000, limits)).toHaveLength(7_000)
})
