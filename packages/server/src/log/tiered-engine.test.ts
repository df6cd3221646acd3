import { expect, onTestFinished, test } from 'vitest'
import type { ChannelRecord, Commit, LastingEngine } from './engine.js'
import { openUnderTest } from './engines/disk/under-test-suite.js'
import { MemoryEngine } from './engines/memory.js'
import { TieredEngine } from './tiered-engine.js'

function commitOf(parts: Partial<Commit>): Commit {
  return { batches: [], channels: [], producers: [], removed: [], lastHistory: 1, ...parts }
}

function memoryChannel(id: number): ChannelRecord {
  const name = `channel-${id}`
  return { id, name, history: id, contentType: 'text/plain', createdAtMs: 1, durability: 'memory' }
}

/** Elements of sets that are walked through while `action` is under way, also to copy them. */
async function elementsWalked(action: () => Promise<void>): Promise<number> {
  const values = Set.prototype.values
  let walked = 0
  const counting = function* (this: Set<unknown>) {
    for (const value of values.call(this)) {
      walked++
      yield value
    }
  }
  Object.assign(Set.prototype, { values: counting, [Symbol.iterator]: counting })
  try {
    await action()
  } finally {
    Object.assign(Set.prototype, { values, [Symbol.iterator]: values })
  }
  return walked
}

test('a commit looks at none of the thousands of memory channels that are not in it', async () => {
  const subject = await openUnderTest('os')
  onTestFinished(() => subject.dispose())
  const engine = new TieredEngine(subject.engine as LastingEngine, new MemoryEngine())
  const channels = Array.from({ length: 5_000 }, (_, index) => memoryChannel(index + 1))
  await engine.commit(commitOf({ channels }))
  const { id } = channels[0] as ChannelRecord
  const walked = await elementsWalked(() =>
    engine.commit(
      commitOf({ producers: [{ channelId: id, producerId: 'p', state: { epoch: 0, lastSeq: 0 } }] }),
    ),
  )
  expect(engine.producer(id, 'p')).toBeDefined()
  expect(walked).toBeLessThan(100)
})
