import { expect } from 'vitest'
import type { Batch } from '../batch.js'
import { append, chain, positions } from './commits-suite.js'
import type { Body } from './subject-suite.js'

/** That batches come back as they were, forwards and backwards. */
export const batchTests: Record<string, Body> = {
  'batches are read in the order in which they were committed, as they were': async (open) => {
    const { engine } = await open()
    for (const [id, kind] of (['json', 'text', 'binary'] as const).entries()) {
      const batches = chain(kind, [['"a"', '"bc"'], ['9007199254740993'], ['{"b":1,"a":1.0}', '"é"']])
      for (const batch of batches) await append(engine, id, [batch])
      expect(await engine.read(id, 0, 1e6)).toEqual(batches)
      expect(engine.tail(id)).toBe(batches.at(-1)?.end)
    }
  },

  'several batches of one channel in one commit keep their order': async (open) => {
    const { engine } = await open()
    const batches = chain('json', [['1'], ['2', '3'], ['4']])
    await append(engine, 1, batches)
    expect(positions(await engine.read(1, 0, 1e6))).toEqual([
      [0, 1],
      [1, 3],
      [3, 4],
    ])
  },

  'a read from the middle of a batch begins with that batch': async (open) => {
    const { engine } = await open()
    const batches = chain('text', [['abc', 'de'], ['f'], ['ghij']])
    await append(engine, 1, batches)
    expect(positions(await engine.read(1, 3, 1e6))).toEqual([
      [0, 5],
      [5, 6],
      [6, 10],
    ])
    expect(positions(await engine.read(1, 5, 1e6))).toEqual([
      [5, 6],
      [6, 10],
    ])
    expect(positions(await engine.read(1, 9, 1e6))).toEqual([[6, 10]])
    expect(await engine.read(1, 10, 1e6)).toEqual([])
  },

  'a read stops at maxBytes, and always has one batch when there is any': async (open) => {
    const { engine } = await open()
    const batches = chain('binary', [['aaaa'], ['bbbb'], ['cccc']])
    await append(engine, 1, batches)
    const { heldBytes } = batches[0] as Batch
    expect(positions(await engine.read(1, 0, 2 * heldBytes))).toEqual([
      [0, 4],
      [4, 8],
    ])
    expect(positions(await engine.read(1, 0, 3 * heldBytes - 1))).toEqual([
      [0, 4],
      [4, 8],
    ])
    expect(positions(await engine.read(1, 0, 1))).toEqual([[0, 4]])
  },

  'a read backwards begins with the batch that holds the position before, the newest first': async (open) => {
    const { engine } = await open()
    await append(engine, 1, chain('json', [['0']]))
    await append(engine, 2, chain('text', [['abc', 'de'], ['f'], ['ghij']]))
    await append(engine, 3, chain('json', [['0']]))
    const all: [number, number][] = [
      [6, 10],
      [5, 6],
      [0, 5],
    ]
    for (const position of [10, 8, 7]) {
      expect(positions(await engine.readBack(2, position, 1e6))).toEqual(all)
    }
    expect(positions(await engine.readBack(2, 6, 1e6))).toEqual(all.slice(1))
    for (const position of [5, 3, 1]) {
      expect(positions(await engine.readBack(2, position, 1e6))).toEqual(all.slice(2))
    }
    expect(await engine.readBack(4, 1, 1e6)).toEqual([])
  },

  'a read backwards stops at maxBytes, and always has one batch when there is any': async (open) => {
    const { engine } = await open()
    const batches = chain('binary', [['aaaa'], ['bbbb'], ['cccc']])
    await append(engine, 1, batches)
    const { heldBytes } = batches[0] as Batch
    for (const [maxBytes, starts] of [
      [3 * heldBytes, [8, 4, 0]],
      [3 * heldBytes - 1, [8, 4]],
      [2 * heldBytes, [8, 4]],
      [2 * heldBytes - 1, [8]],
      [0, [8]],
    ] as const) {
      expect((await engine.readBack(1, 12, maxBytes)).map(({ start }) => start)).toEqual(starts)
    }
  },

  'batches of a tiny message each are counted with what they take beside it, both ways': async (open) => {
    const { engine } = await open()
    await append(
      engine,
      1,
      chain(
        'json',
        Array.from({ length: 1_000 }, () => ['1']),
      ),
    )
    expect(await engine.read(1, 0, 20_100)).toHaveLength(100)
    expect(await engine.readBack(1, 1_000, 20_100)).toHaveLength(100)
  },

  'a batch of 4 MiB comes back to the byte, and stays when later reads use the memory again': async (
    open,
  ) => {
    const { engine } = await open()
    const large = Buffer.alloc(4 << 20, 'tidings ')
    const [first, second] = chain('binary', [[large], ['b']]) as [Batch, Batch]
    await append(engine, 1, [first, second])
    const [held] = await engine.read(1, 0, 1)
    await engine.read(1, large.byteLength, 1)
    for (let channelId = 2; channelId < 20; channelId++) {
      await append(engine, channelId, [second])
    }
    expect(Buffer.compare(held?.payload ?? Buffer.alloc(0), large)).toBe(0)
  },

  'channels with neighbouring ids do not see each other': async (open) => {
    const { engine } = await open()
    // Ids on both sides of 2^32, and as large as the clock mints them.
    const ids = [1, 2, 255, 256, 2 ** 32 - 1, 2 ** 32, 1_764_000_000_000_000, 1_764_000_000_000_001]
    for (const id of ids) await append(engine, id, chain('json', [[`${id}`]]))
    for (const id of ids) {
      const read = await engine.read(id, 0, 1e6)
      expect(read.map((batch) => Buffer.from(batch.payload).toString())).toEqual([`${id}`])
      expect(engine.tail(id)).toBe(1)
    }
    expect(engine.tail(3)).toBe(0)
    expect(await engine.read(3, 0, 1e6)).toEqual([])
  },
}
