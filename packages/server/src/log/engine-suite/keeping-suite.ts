import { expect } from 'vitest'
import type { Batch } from '../batch.js'
import { append, chain, channel, commitOf, expectProblem, fill } from './commits-suite.js'
import type { Body } from './subject-suite.js'

/** That it outlives the engine, and that damage and failure are told. */
export const keepingTests: Record<string, Body> = {
  'all of it is there when the storage is opened again': async (open) => {
    const subject = await open()
    await fill(subject.engine, [channel(1, 'cake')])
    await subject.engine.commit(commitOf({ lastHistory: 1_764_000_000_000_000 }))
    const { engine } = (await subject.reopen?.()) ?? subject
    expect(engine.lastHistory).toBe(1_764_000_000_000_000)
    expect(engine.channel('cake')).toEqual(channel(1, 'cake'))
    expect(await engine.read(1, 0, 1e6)).toEqual(chain('json', [['1']]))
    expect(engine.producer(1, 'p')).toEqual({ epoch: 0, lastSeq: 0 })
  },

  'after a clean stop nothing may be gone': async (open) => {
    const subject = await open()
    expect(subject.engine.dataMayBeGone).toBe(false)
    await fill(subject.engine, [channel(1, 'cake')])
    const { engine } = (await subject.reopen?.()) ?? subject
    expect(engine.dataMayBeGone).toBe(false)
  },

  'a batch in which one bit was changed is refused, and what stands before it is not': async (open) => {
    const subject = await open()
    const [sound, flipped] = chain('text', [['a sound one'], ['the bit of this one is changed']]) as [
      Batch,
      Batch,
    ]
    await append(subject.engine, 1, [sound, flipped])
    const { engine } = (await subject.flipBit?.(flipped.payload)) ?? subject
    expect(await engine.read(1, 0, 1e6)).toEqual([sound])
    await expectProblem(engine.read(1, sound.end, 1e6), 'storage-damaged')
    await expectProblem(engine.readBack(1, flipped.end, 1e6), 'storage-damaged')
    expect(await engine.readBack(1, sound.end, 1e6)).toEqual([sound])
  },

  'a commit that fails leaves nothing behind, and no commit is taken after it': async (open) => {
    const subject = await open()
    const { engine, impossibleCommit } = subject
    await fill(engine, [channel(1, 'cake')])
    if (impossibleCommit) await expectProblem(engine.commit(impossibleCommit()), 'storage-unavailable')
    await expectProblem(engine.commit(commitOf({})), 'storage-unavailable')
    const again = (await subject.reopen?.()) ?? subject
    expect(again.engine.channels(undefined, 10)).toEqual([channel(1, 'cake')])
    await again.engine.commit(commitOf({ channels: [channel(3, 'more')] }))
    expect(again.engine.channel('more')).toBeDefined()
  },
}
