import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ChannelKind, Problem, parseOffset } from '@tidings/protocol'
import * as fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import type { Channel } from './channel.js'
import type { Engine, Retention } from './engine.js'
import { openDiskEngine, verifyFolder } from './engines/disk/index.js'
import { MemoryEngine } from './engines/memory.js'
import { Log } from './log.js'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
const startMs = Date.parse('2030-01-01T00:00:00Z')
const contentTypes = { json: 'application/json', text: 'text/plain', binary: 'image/png' } as const

interface ModelBatch {
  readonly texts: readonly string[]
  readonly start: number
  readonly end: number
  readonly keptAtMs: number
}

/** A channel as plain as it can be: all of its batches, and from where on they count. */
interface ModelChannel {
  readonly name: string
  readonly kind: ChannelKind
  readonly retention: Retention
  readonly source: ModelChannel | undefined
  batches: ModelBatch[]
  earliest: number
  tail: number
  forks: number
}

const limit = fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined })
const retentions = fc.record({ ageSeconds: limit, count: limit, bytes: limit }).map(
  ({ ageSeconds, count, bytes }): Retention => ({
    ...(ageSeconds !== undefined && { ageSeconds }),
    ...(count !== undefined && { count }),
    ...(bytes !== undefined && { bytes }),
  }),
)
const pick = fc.nat(1_000)
const texts = fc.array(fc.constantFrom('1', '22', '"é"', '[3,3]'), { minLength: 1, maxLength: 4 })
const operation = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('create' as const),
      kind: fc.constantFrom<ChannelKind>('json', 'text', 'binary'),
      retention: retentions,
    }),
  },
  { weight: 12, arbitrary: fc.record({ op: fc.constant('append' as const), pick, texts }) },
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constant('fork' as const), pick, point: pick, retention: retentions }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('remove' as const), pick }) },
  { weight: 2, arbitrary: fc.constant({ op: 'restart' as const }) },
)
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

/** The true log and the model, side by side. */
class Pair {
  log: Log
  nowMs = startMs
  readonly channels: ModelChannel[] = []
  readonly #reopen: (engine: Engine) => Promise<Engine>
  #made = 0

  constructor(engine: Engine, reopen: (engine: Engine) => Promise<Engine>) {
    this.log = new Log(engine, { now: () => this.nowMs })
    this.#reopen = reopen
  }

  async run(operation: Operation): Promise<void> {
    if (operation.op === 'create') await this.#create(operation.kind, operation.retention)
    else if (operation.op === 'wait') this.nowMs += operation.seconds * 1000
    else if (operation.op === 'restart') {
      await this.log.retention.stop()
      await this.log.close()
      this.log = await Log.open(await this.#reopen(this.log.engine), { now: () => this.nowMs })
    } else {
      const channel = this.channels[operation.pick % Math.max(1, this.channels.length)]
      if (!channel) return
      if (operation.op === 'append') await this.#append(channel, operation.texts)
      else if (operation.op === 'fork') await this.#fork(channel, operation.point, operation.retention)
      else await this.#remove(channel)
    }
    await this.log.retention.lookAtAll()
    for (const channel of this.channels) trim(channel, this.nowMs)
  }

  async #create(kind: ChannelKind, retention: Retention): Promise<void> {
    const name = `channel-${this.#made++}`
    await this.log.create(name, { contentType: contentTypes[kind], retention, messages: [] })
    this.channels.push({
      name,
      kind,
      retention,
      source: undefined,
      batches: [],
      earliest: 0,
      tail: 0,
      forks: 0,
    })
  }

  async #append(channel: ModelChannel, appended: readonly string[]): Promise<void> {
    // In a text or binary channel one append is one message.
    const messages = channel.kind === 'json' ? appended : [appended.join('')]
    await this.log.append(this.log.findToAppend(channel.name), {
      messages: messages.map((text) => Buffer.from(text)),
    })
    const start = channel.tail
    channel.tail += channel.kind === 'json' ? messages.length : Buffer.byteLength(messages[0] as string)
    channel.batches.push({ texts: messages, start, end: channel.tail, keptAtMs: this.nowMs })
  }

  async #fork(source: ModelChannel, pointPick: number, retention: Retention): Promise<void> {
    const points = [source.earliest, ...positionsOf(source)]
    const point = points[pointPick % points.length] as number
    const name = `fork-${this.#made++}`
    const offset = this.log.peek(source.name).offsetAt(point)
    await this.log.create(name, {
      contentType: contentTypes[source.kind],
      retention,
      messages: [],
      fork: { source: source.name, offset, subOffset: 0 },
    })
    const batches = source.batches
      .filter(({ start }) => start < point)
      .map((batch) => (batch.end <= point ? batch : cut(batch, point)))
    this.channels.push({ ...source, name, retention, source, batches, tail: point, forks: 0 })
    source.forks++
  }

  async #remove(channel: ModelChannel): Promise<void> {
    if (channel.forks > 0) return
    await this.log.remove(channel.name)
    this.channels.splice(this.channels.indexOf(channel), 1)
    if (channel.source) channel.source.forks--
  }

  async check(): Promise<void> {
    for (const model of this.channels) {
      const channel = this.log.peek(model.name)
      expect(channel.keptEarliest).toBe(model.earliest)
      expect(channel.keptTail).toBe(model.tail)
      const start = await this.log.resolve(channel, { at: 'beginning' })
      expect(start).toBe(model.earliest)
      const expected = model.batches.filter(({ start }) => start >= model.earliest)
      expect(await this.#textsFrom(channel, start)).toEqual(expected.flatMap(({ texts }) => texts))
      await this.#checkJoins(channel, model, expected)
      await this.#checkGone(channel, model)
    }
  }

  async #checkJoins(channel: Channel, model: ModelChannel, expected: readonly ModelBatch[]): Promise<void> {
    for (const count of [1, 3, 1_000]) {
      const from = await this.log.resolve(channel, { at: 'last', count })
      const all = expected.flatMap(({ texts }) => texts)
      expect(await this.#textsFrom(channel, from)).toEqual(all.slice(Math.max(0, all.length - count)))
    }
    for (const timeMs of [0, this.nowMs - 2_000]) {
      const from = await this.log.resolve(channel, { at: 'since', timeMs })
      expect(from).toBe(expected.find(({ keptAtMs }) => keptAtMs >= timeMs)?.start ?? model.tail)
    }
    const back = await this.log.reader.readBack(channel, model.tail, { maxMessages: 1_000, maxBytes: 1e6 })
    expect(back.reduce((count, batch) => count + batch.messageCount, 0)).toBe(
      expected.reduce((count, batch) => count + batch.texts.length, 0),
    )
  }

  async #checkGone(channel: Channel, model: ModelChannel): Promise<void> {
    for (const position of [0, model.earliest - 1].filter((each) => each >= 0 && each < model.earliest)) {
      const offset = parseOffset(channel.offsetAt(position))
      if (offset?.at !== 'offset') continue
      const refusal = await this.log.resolve(channel, offset).catch((error: unknown) => error)
      expect(refusal).toBeInstanceOf(Problem)
      expect(refusal).toMatchObject({
        code: 'offset-gone',
        facts: { earliestOffset: channel.offsetAt(model.earliest), nextOffset: channel.nextOffset },
      })
    }
  }

  async #textsFrom(channel: Channel, from: number): Promise<string[]> {
    const heard: string[] = []
    let at = from
    while (at < channel.keptTail) {
      for (const batch of await this.log.reader.read(channel, at, 64)) {
        for (let index = 0; index < batch.messageCount; index++)
          heard.push(Buffer.from(batch.message(index)).toString())
        at = batch.end
      }
    }
    return heard
  }

  /** What nobody reads any more is really gone from the engine, but for what forks hold. */
  async checkDropped(): Promise<void> {
    for (const { name, forks } of this.channels) {
      const { id, record, keptEarliest } = this.log.peek(name)
      const heldTo = forks > 0 ? (record.forkedUpTo ?? 0) : 0
      const left = await this.log.engine.read(id, heldTo, 1e6)
      expect(left.filter(({ start, end }) => start >= heldTo && end <= keptEarliest)).toEqual([])
    }
  }
}

function trim(channel: ModelChannel, nowMs: number): void {
  const { ageSeconds, count, bytes } = channel.retention
  let left = channel.batches.filter(({ start }) => start >= channel.earliest)
  for (const batch of [...left]) {
    const rest = left.slice(1)
    const isGoing =
      (ageSeconds !== undefined && batch.keptAtMs + ageSeconds * 1000 <= nowMs) ||
      (count !== undefined && sum(rest, ({ texts }) => texts.length) >= count) ||
      (bytes !== undefined && sum(rest, ({ texts }) => Buffer.byteLength(texts.join(''))) >= bytes)
    if (!isGoing) return
    channel.earliest = batch.end
    left = rest
  }
}

function sum(batches: readonly ModelBatch[], of: (batch: ModelBatch) => number): number {
  return batches.reduce((total, batch) => total + of(batch), 0)
}

/** Where messages end that are left. */
function positionsOf({ batches, earliest, kind }: ModelChannel): number[] {
  return batches
    .filter(({ start }) => start >= earliest)
    .flatMap(({ start, end, texts }) =>
      kind === 'json' ? texts.map((_, index) => start + index + 1) : [end],
    )
}

function cut(batch: ModelBatch, point: number): ModelBatch {
  return { ...batch, texts: batch.texts.slice(0, point - batch.start), end: point }
}

async function holdsFor(operations: readonly Operation[], pair: Pair): Promise<void> {
  for (const each of operations) {
    await pair.run(each)
    await pair.check()
  }
  await pair.checkDropped()
}

const sequences = fc.array(operation, { minLength: 5, maxLength: 50 })

test(`retention is that of a plain model, also with forks, in memory (SEED=${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(sequences, async (operations) => {
      // A memory's end takes its channels along: there is nothing to restart.
      await holdsFor(operations, new Pair(new MemoryEngine(), async (engine) => engine))
    }),
    { seed, numRuns: 400 },
  )
})

test(`retention is that of a plain model, also with forks and restarts, on the disk (SEED=${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(sequences, async (operations) => {
      const folder = await mkdtemp(join(tmpdir(), 'tidings-retention-'))
      const open = () => openDiskEngine({ folder, durability: 'os' })
      const pair = new Pair(await open(), open)
      try {
        await holdsFor(operations, pair)
        await pair.log.close()
        expect((await verifyFolder(folder)).faults).toEqual([])
      } finally {
        await pair.log.close()
        await rm(folder, { recursive: true, force: true })
      }
    }),
    { seed, numRuns: 25 },
  )
})

async function openLog(now = () => startMs): Promise<Log> {
  const log = new Log(new MemoryEngine(), { now })
  onTestFinished(() => log.close())
  return log
}

function append(log: Log, name: string, ...messages: string[]) {
  return log.append(log.findToAppend(name), { messages: messages.map((text) => Buffer.from(text)) })
}

test('appends alone keep a channel near its limit, however many come', async () => {
  const log = await openLog()
  const { channel } = await log.create('cake', {
    contentType: 'application/json',
    retention: { count: 80 },
    messages: [],
  })
  let most = 0
  for (let n = 0; n < 2_000; n++) {
    await append(log, 'cake', `${n}`)
    most = Math.max(most, channel.keptTail - channel.keptEarliest)
  }
  // The limit, an eighth more, and what comes while the drop is being kept.
  expect(most).toBeLessThan(100)
  await log.retention.lookAtAll()
  expect(channel.keptTail - channel.keptEarliest).toBe(80)
})

test('a channel with a time to live is not kept alive by its retention', async () => {
  let nowMs = startMs
  const log = await openLog(() => nowMs)
  await log.create('cake', {
    contentType: 'application/json',
    ttlSeconds: 10,
    retention: { count: 1 },
    messages: [],
  })
  await append(log, 'cake', '1')
  await append(log, 'cake', '2')
  nowMs += 9_000
  await log.retention.lookAtAll()
  nowMs += 2_000
  expect(() => log.peek('cake')).toThrow('There is no channel')
})

test('a channel of which nothing is left goes on where it was, also after a restart', async () => {
  let nowMs = startMs
  const folder = await mkdtemp(join(tmpdir(), 'tidings-retention-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const open = async () =>
    Log.open(await openDiskEngine({ folder, durability: 'fsync' }), { now: () => nowMs })
  const first = await open()
  const messages = ['1', '2', '3'].map((text) => Buffer.from(text))
  await first.create('cake', { contentType: 'application/json', retention: { ageSeconds: 1 }, messages })
  const { nextOffset } = first.peek('cake')
  nowMs += 2_000
  await first.retention.lookAtAll()
  expect(await first.engine.read(first.peek('cake').id, 0, 1e6)).toEqual([])
  await first.close()
  const second = await open()
  expect(second.peek('cake').nextOffset).toBe(nextOffset)
  const { nextOffset: after } = await append(second, 'cake', '4')
  expect(after).toBe(nextOffset.replace(/3$/, '4'))
  await second.close()
})

test('what a fork stands on stays until the last fork has gone, though the source refuses it', async () => {
  const log = await openLog()
  const spec = { contentType: 'application/json', messages: [] }
  const { channel } = await log.create('cake', { ...spec, retention: { count: 1 } })
  for (const text of ['1', '2', '3']) await append(log, 'cake', text)
  await log.retention.lookAtAll()
  await append(log, 'cake', '4')
  await log.create('fork', { ...spec, fork: { source: 'cake', subOffset: 0 } })
  const inherited = await log.reader.read(log.peek('fork'), log.peek('fork').keptEarliest, 1e6)
  for (const text of ['5', '6', '7']) await append(log, 'cake', text)
  await log.retention.lookAtAll()
  await expect(log.reader.read(channel, 0, 1e6)).rejects.toMatchObject({ code: 'offset-gone' })
  expect(await log.reader.read(log.peek('fork'), log.peek('fork').keptEarliest, 1e6)).toEqual(inherited)
  // Of what came after the fork nothing is held.
  const held = await log.engine.read(channel.id, 0, 1e6)
  expect(held.map(({ end }) => end)).toEqual([...inherited.map(({ end }) => end), 7])
  await log.remove('fork')
  await log.retention.lookAtAll()
  expect((await log.engine.read(channel.id, 0, 1e6)).map(({ end }) => end)).toEqual([7])
})

test('batches that were passed and not dropped when the process was killed are dropped by the next look', async () => {
  const engine = new MemoryEngine()
  const before = new Log(engine)
  const messages = ['1', '2'].map((text) => Buffer.from(text))
  const retention = { ageSeconds: 1_000 }
  await before.create('cake', { contentType: 'application/json', retention, messages })
  await append(before, 'cake', '3')
  const { id, record } = before.peek('cake')
  // As after the first of the two commits that a step takes.
  const moved = { ...record, earliest: 2 }
  await engine.commit({ batches: [], channels: [moved], producers: [], removed: [], lastHistory: id })
  const after = await Log.open(engine)
  expect(after.peek('cake').keptEarliest).toBe(2)
  await after.retention.lookAtAll()
  expect((await engine.read(id, 0, 1e6)).map(({ start }) => start)).toEqual([2])
})

test('a fork at a point that retention has passed meanwhile is refused, not made with a hole', async () => {
  const log = await openLog()
  const { channel } = await log.create('cake', {
    contentType: 'application/json',
    retention: { count: 1 },
    messages: [Buffer.from('1')],
  })
  const offset = channel.nextOffset
  await append(log, 'cake', '2')
  await append(log, 'cake', '3')
  await log.retention.lookAtAll()
  const fork = log.create('fork', {
    contentType: 'application/json',
    messages: [],
    fork: { source: 'cake', offset, subOffset: 0 },
  })
  await expect(fork).rejects.toMatchObject({ code: 'offset-gone' })
})

test('ten thousand small batches are dropped in steps between which others get their turn', async () => {
  let nowMs = startMs
  const log = await openLog(() => nowMs)
  await log.create('cake', { contentType: 'application/json', retention: { ageSeconds: 1 }, messages: [] })
  for (let n = 0; n < 10_000; n++) await append(log, 'cake', `${n}`)
  await log.create('other', { contentType: 'application/json', messages: [] })
  nowMs += 5_000
  const looked = log.retention.lookAtAll().then(() => 'dropped')
  const order: string[] = []
  void looked.then((what) => order.push(what))
  await append(log, 'other', '1')
  order.push('appended')
  await looked
  expect(order).toEqual(['appended', 'dropped'])
  const cake = log.peek('cake')
  expect(cake.keptEarliest).toBe(10_000)
  expect(cake.keptTail).toBe(10_000)
})

test('a channel that is too old is trimmed by one look, though memory holds fewer channels than wait for it', async () => {
  let nowMs = startMs
  const log = new Log(new MemoryEngine(), { now: () => nowMs, maxHeldChannels: 4 })
  onTestFinished(() => log.close())
  const names = Array.from({ length: 12 }, (_, index) => `cake-${index}`)
  for (const name of names) {
    await log.create(name, { contentType: 'application/json', retention: { ageSeconds: 1 }, messages: [] })
    await append(log, name, '1')
  }
  nowMs += 2_000
  await log.retention.lookAtAll()
  expect(names.map((name) => log.peek(name).keptEarliest)).toEqual(names.map(() => 1))
})
