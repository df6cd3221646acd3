import { expect } from 'vitest'
import type { Batch } from '../batch.js'
import { chain, channel, commitOf } from './commits-suite.js'
import type { Body } from './subject-suite.js'

/** That records, names and producers come back. */
export const channelTests: Record<string, Body> = {
  'a channel record comes back as it was, and a later one takes its place': async (open) => {
    const { engine } = await open()
    const record = { ...channel(1, 'orders/é/€'), ttlSeconds: 60, lastSequence: 'a' }
    await engine.commit(commitOf({ channels: [record] }))
    expect(engine.channel(record.name)).toEqual(record)
    const closed = { ...record, closed: { producer: { id: 'p', epoch: 1, seq: 2 } } }
    await engine.commit(commitOf({ channels: [closed] }))
    expect(engine.channel(record.name)).toEqual(closed)
    expect(engine.channel('orders')).toBeUndefined()
    expect(engine.tail(1)).toBe(0)
  },

  'channels come page by page in the order of the bytes of their names': async (open) => {
    const { engine } = await open()
    // U+FFFD sorts before U+1F370 by its bytes, and after it by UTF-16 units.
    const names = ['a', 'a/b', 'a0', 'aa', 'b', 'z'.repeat(1024), 'é', '\ufffd', '🍰']
    const shuffled = [5, 8, 0, 3, 7, 1, 6, 2, 4].map((index) => names[index] as string)
    await engine.commit(commitOf({ channels: shuffled.map((name, index) => channel(index + 1, name)) }))
    const found: string[] = []
    for (let page = engine.channels(undefined, 4); page.length > 0; page = engine.channels(found.at(-1), 4)) {
      found.push(...page.map((record) => record.name))
    }
    expect(found).toEqual(names)
    expect(engine.channels('aa!', 1).map((record) => record.name)).toEqual(['b'])
    expect(engine.names(undefined, 4)).toEqual(names.slice(0, 4))
    expect(engine.names('aa!', 100)).toEqual(names.slice(4))
  },

  'five thousand channels are kept, listed and read': async (open) => {
    const { engine } = await open()
    const ids = Array.from({ length: 5000 }, (_, index) => index + 1)
    const batch = chain('json', [['1']])[0] as Batch
    await engine.commit(
      commitOf({
        channels: ids.map((id) => channel(id, `channel-${id}`)),
        batches: ids.map((id) => ({ channelId: id, batch })),
      }),
    )
    expect(engine.channels(undefined, 10_000)).toHaveLength(5000)
    for (const id of ids) {
      expect(engine.channel(`channel-${id}`)?.id).toBe(id)
      expect(engine.tail(id)).toBe(1)
    }
  },

  "a producer's state is kept per channel": async (open) => {
    const { engine } = await open()
    const longest = 'p'.repeat(256)
    await engine.commit(
      commitOf({
        channels: [channel(1, 'one'), channel(2, 'two')],
        producers: [
          { channelId: 1, producerId: 'p', state: { epoch: 0, lastSeq: 3 } },
          { channelId: 2, producerId: 'p', state: { epoch: 5, lastSeq: 0 } },
          { channelId: 2, producerId: longest, state: { epoch: 1, lastSeq: 1 } },
        ],
      }),
    )
    expect(engine.producer(1, 'p')).toEqual({ epoch: 0, lastSeq: 3 })
    expect(engine.producer(2, 'p')).toEqual({ epoch: 5, lastSeq: 0 })
    expect(engine.producer(2, longest)).toEqual({ epoch: 1, lastSeq: 1 })
    expect(engine.producer(1, longest)).toBeUndefined()
  },
}
