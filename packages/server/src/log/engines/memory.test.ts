import { expect, test, vi } from 'vitest'
import { packBatches } from '../batch.js'
import { testEngine } from '../engine-suite.js'
import { MemoryEngine } from './memory.js'

const reason = 'it keeps nothing outside of this process, where a bit could change or a write could fail'
testEngine('memory', async () => ({ engine: new MemoryEngine(), dispose: async () => {} }), [
  { test: 'a batch in which one bit was changed is refused, and what stands before it is not', reason },
  { test: 'a commit that fails leaves nothing behind, and no commit is taken after it', reason },
])

test('batches that are dropped one after the other are taken out at once, not each by moving all others', async () => {
  const engine = new MemoryEngine()
  const cake = { id: 1, name: 'cake', history: 1, contentType: 'text/plain', createdAtMs: 1 }
  const rest = { channels: [], producers: [], removed: [], lastHistory: 1 }
  const batches = Array.from({ length: 1_000 }, (_, start) =>
    packBatches([Buffer.from('x')], { kind: 'text', history: 1, start, committedAtMs: 1 }),
  ).flat()
  await engine.commit({
    ...rest,
    channels: [cake],
    batches: batches.map((batch) => ({ channelId: 1, batch })),
  })
  const splice = vi.spyOn(Array.prototype, 'splice')
  const dropped = batches.slice(0, 900).map(({ end }) => ({ channelId: 1, end }))
  await engine.commit({ ...rest, batches: [], dropped })
  const calls = splice.mock.calls.length
  splice.mockRestore()
  expect(calls).toBe(1)
  expect(await engine.read(1, 0, 1e6)).toEqual(batches.slice(900))
})
