import { type ChannelKind, Problem } from '@tidings/protocol'
import { afterEach, describe, expect, test } from 'vitest'
import { type Batch, packBatches } from './batch.js'
import type { ChannelRecord, Commit, Engine } from './engine.js'

/** An engine on storage of its own, and what else can be done to that storage. */
export interface EngineUnderTest {
  readonly engine: Engine
  /** Opens the same storage again; the engine before is closed. */
  readonly reopen?: () => Promise<EngineUnderTest>
  /** Changes one bit of the stored bytes that are like `bytes`, and opens the storage again. */
  readonly flipBit?: (bytes: Uint8Array) => Promise<EngineUnderTest>
  /** A commit that this engine can not keep. */
  readonly impossibleCommit?: () => Commit
  /** Takes away the storage and all that was opened here. */
  readonly dispose: () => Promise<void>
}

/** A test of the suite that an engine need not pass. */
export interface Exemption {
  readonly test: string
  readonly reason: string
}

type Body = (open: () => Promise<EngineUnderTest>) => Promise<void>

/** What an engine is: one that passes this. */
export function testEngine(
  name: string,
  open: () => Promise<EngineUnderTest>,
  exemptions: readonly Exemption[] = [],
): void {
  describe(`the ${name} engine`, () => {
    const opened: EngineUnderTest[] = []
    const openTracked = async () => {
      const subject = await open()
      opened.push(subject)
      return subject
    }
    afterEach(async () => {
      for (const subject of opened.splice(0)) await subject.dispose()
    })

    const left = new Map(exemptions.map((exemption) => [exemption.test, exemption.reason]))
    for (const [title, body] of Object.entries({
      ...batchTests,
      ...channelTests,
      ...removalTests,
      ...keepingTests,
    })) {
      const reason = left.get(title)
      left.delete(title)
      if (reason !== undefined) console.info(`exempt: the ${name} engine: ${title}: ${reason}`)
      else test(title, () => body(openTracked))
    }
    if (left.size > 0) throw new Error(`The suite has no test of this name: ${[...left.keys()].join(', ')}`)
  })
}

const batchTests: Record<string, Body> = {
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
    expect(positions(await engine.read(1, 0, 8))).toEqual([
      [0, 4],
      [4, 8],
    ])
    expect(positions(await engine.read(1, 0, 11))).toEqual([
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
    await append(engine, 1, chain('binary', [['aaaa'], ['bbbb'], ['cccc']]))
    for (const [maxBytes, starts] of [
      [12, [8, 4, 0]],
      [11, [8, 4]],
      [8, [8, 4]],
      [7, [8]],
      [0, [8]],
    ] as const) {
      expect((await engine.readBack(1, 12, maxBytes)).map(({ start }) => start)).toEqual(starts)
    }
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

const channelTests: Record<string, Body> = {
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

const removalTests: Record<string, Body> = {
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

const keepingTests: Record<string, Body> = {
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

function commitOf(parts: Partial<Commit>): Commit {
  return { batches: [], channels: [], producers: [], removed: [], lastHistory: 1, ...parts }
}

function channel(id: number, name: string): ChannelRecord {
  return { id, name, history: id, contentType: 'application/json', createdAtMs: 1_764_000_000_000 }
}

/** One batch for each list of messages, each after the one before. */
function chain(kind: ChannelKind, lists: readonly (readonly (string | Uint8Array)[])[]): Batch[] {
  let start = 0
  return lists.map((list) => {
    const messages = list.map((message) => Buffer.from(message as string))
    const [batch] = packBatches(messages, { kind, history: 1, start, committedAtMs: 1_764_000_000_000 })
    start = (batch as Batch).end
    return batch as Batch
  })
}

function positions(batches: readonly Batch[]): [number, number][] {
  return batches.map((batch) => [batch.start, batch.end])
}

async function append(engine: Engine, channelId: number, batches: readonly Batch[]): Promise<void> {
  await engine.commit(
    commitOf({
      channels: [channel(channelId, `channel-${channelId}`)],
      batches: batches.map((batch) => ({ channelId, batch })),
    }),
  )
}

/** A channel each with one message and one producer. */
async function fill(engine: Engine, channels: readonly ChannelRecord[]): Promise<void> {
  const batch = chain('json', [['1']])[0] as Batch
  await engine.commit(
    commitOf({
      channels,
      batches: channels.map(({ id }) => ({ channelId: id, batch })),
      producers: channels.map(({ id }) => ({
        channelId: id,
        producerId: 'p',
        state: { epoch: 0, lastSeq: 0 },
      })),
    }),
  )
}

async function expectNothingOf(engine: Engine, channelId: number): Promise<void> {
  expect(engine.tail(channelId)).toBe(0)
  expect(await engine.read(channelId, 0, 1e6)).toEqual([])
  expect(await engine.readBack(channelId, 1, 1e6)).toEqual([])
  expect(engine.producer(channelId, 'p')).toBeUndefined()
}

async function expectProblem(promise: Promise<unknown>, code: string): Promise<void> {
  const outcome = await promise.catch((error: unknown) => error)
  expect(outcome).toBeInstanceOf(Problem)
  expect((outcome as Problem).code).toBe(code)
}
