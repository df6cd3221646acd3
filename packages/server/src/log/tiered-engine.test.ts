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

test('what changes with the messages of a memory channel is seen now, and not by the next run', async () => {
  const subject = await openUnderTest('fsync')
  onTestFinished(() => subject.dispose())
  const engine = new TieredEngine(subject.engine as LastingEngine, new MemoryEngine())
  const made = memoryChannel(7)
  await engine.commit(commitOf({ channels: [made] }))
  const part = { channelId: 7, history: 7, end: 1 }
  const used = { ...made, history: 20, lastSequence: 'a', earliest: 5, parts: [part] }
  await engine.commit(commitOf({ channels: [used], lastHistory: 20 }))
  expect(engine.channel(made.name)).toEqual(used)
  expect(engine.channels(undefined, 10)).toEqual([used])
  expect(engine.lastHistory).toBe(20)
  const again = (await subject.reopen?.())?.engine as LastingEngine
  expect(again.channel(made.name)).toEqual(made)
  // Later histories are later than those of its memory channels too.
  expect(again.lastHistory).toBe(20)
  expect(again.memoryChannels).toEqual([made.name])
})

test('after a commit that the disk did not keep memory channels stop too', async () => {
  const subject = await openUnderTest('fsync')
  onTestFinished(() => subject.dispose())
  const engine = new TieredEngine(subject.engine as LastingEngine, new MemoryEngine())
  await engine.commit(commitOf({ channels: [memoryChannel(1)] }))
  const { impossibleCommit } = subject
  if (!impossibleCommit) throw new Error('the disk engine has one')
  await expect(engine.commit(impossibleCommit())).rejects.toMatchObject({ code: 'storage-unavailable' })
  const producers = [{ channelId: 1, producerId: 'p', state: { epoch: 0, lastSeq: 0 } }]
  await expect(engine.commit(commitOf({ producers }))).rejects.toMatchObject({ code: 'storage-unavailable' })
  expect(engine.producer(1, 'p')).toBeUndefined()
})

test('the first commit is for the disk to know while data may be gone, though it holds memory channels only', async () => {
  const commits: Commit[] = []
  const lasting: LastingEngine = Object.assign(new MemoryEngine(), {
    dataMayBeGone: true,
    memoryChannels: [],
    commit: async (commit: Commit) => void commits.push(commit),
  })
  const engine = new TieredEngine(lasting, new MemoryEngine())
  await engine.commit(commitOf({ lastHistory: 0 }))
  expect(commits).toHaveLength(1)
})
