import { expect } from 'vitest'
import type { Batch } from '../batch.js'
import { append, chain, channel, commitOf, expectNothingOf, fill } from './commits-suite.js'
import type { Body } from './subject-suite.js'

/** That what is removed or dropped is gone, and nothing else. */
export const removalTests: Record<string, Body> = {
  'a removed channel is gone with its batches and producers, and others stay': async (open) => {
    const { engine } = await open()
    const [gone, stays] = [channel(1, 'gone'), channel(2, 'stays')]
    await fill(engine, [gone, stays])
    await engine.commit(commitOf({ removed: [gone] }))
    expect(engine.channel('gone')).toBeUndefined()
    await expectNothingOf(engine, 1)
    expect(engine.channel('stays')).toEqual(stays)
    expect(engine.tail(2)).toBe(1)
    expect(engine.producer(2, 'p')).toEqual({ epoch: 0, lastSeq: 0 })
  },

  'a channel that is removed and made again in one commit is the new one, and empty': async (open) => {
    const { engine } = await open()
    await fill(engine, [channel(1, 'cake')])
    const again = channel(2, 'cake')
    await engine.commit(commitOf({ removed: [channel(1, 'cake')], channels: [again] }))
    expect(engine.channel('cake')).toEqual(again)
    await expectNothingOf(engine, 1)
    await expectNothingOf(engine, 2)
  },

  'the removal of a channel that was never kept takes no other of its name with it': async (open) => {
    const { engine } = await open()
    await fill(engine, [channel(1, 'cake')])
    await engine.commit(commitOf({ removed: [channel(2, 'cake')] }))
    expect(engine.channel('cake')).toEqual(channel(1, 'cake'))
    expect(engine.tail(1)).toBe(1)
  },

  'batches that are dropped are gone, at the beginning or in between, and the others stay': async (open) => {
    const subject = await open()
    const batches = chain('text', [['one'], ['two'], ['three'], ['four']])
    const [one, two, three, four] = batches as [Batch, Batch, Batch, Batch]
    await append(subject.engine, 1, batches)
    await append(subject.engine, 2, [one])
    const dropped = [one.end, three.end].map((end) => ({ channelId: 1, end }))
    await subject.engine.commit(commitOf({ dropped }))
    // What is not there, or was dropped before, does not matter.
    await subject.engine.commit(commitOf({ dropped: [...dropped, { channelId: 3, end: 1 }] }))
    const { engine } = (await subject.reopen?.()) ?? subject
    expect(await engine.read(1, 0, 1e6)).toEqual([two, four])
    expect(await engine.readBack(1, four.end, 1e6)).toEqual([four, two])
    expect(engine.tail(1)).toBe(four.end)
    expect(await engine.read(2, 0, 1e6)).toEqual([one])
    await engine.commit(commitOf({ dropped: [two, four].map(({ end }) => ({ channelId: 1, end })) }))
    expect(await engine.read(1, 0, 1e6)).toEqual([])
    expect(engine.tail(1)).toBe(0)
  },

  'a channel with many batches is gone at once, also when the engine is closed right after': async (open) => {
    const subject = await open()
    const record = channel(1, 'long')
    const batches = chain(
      'json',
      Array.from({ length: 5000 }, (_, index) => [`${index}`]),
    )
    await fill(subject.engine, [channel(2, 'other')])
    await subject.engine.commit(
      commitOf({ channels: [record], batches: batches.map((batch) => ({ channelId: 1, batch })) }),
    )
    await subject.engine.commit(commitOf({ removed: [record] }))
    await expectNothingOf(subject.engine, 1)
    const { engine } = (await subject.reopen?.()) ?? subject
    expect(engine.channel('long')).toBeUndefined()
    await expectNothingOf(engine, 1)
    expect(engine.tail(2)).toBe(1)
  },
}
