import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ChannelKind, Problem, parseOffset } from '@tidings/protocol'
import * as fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import type { ChannelSpec } from './append.js'
import type { Batch } from './batch.js'
import type { Channel } from './channel.js'
import type { Engine } from './engine.js'
import { openDiskEngine } from './engines/disk/index.js'
import { MemoryEngine } from './engines/memory.js'
import { Log } from './log.js'
import { ModelChannel, ModelLog } from './log-model-suite.js'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
const startMs = Date.parse('2030-01-01T00:00:00Z')
const contentTypes = {
  json: 'application/json',
  text: 'text/plain',
  binary: 'application/octet-stream',
} as const

const writtenPoints: Record<string, string | undefined> = { none: undefined, '-1': '-1', now: 'now' }

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
const name = fc.constantFrom(...names)
const lifetime = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  fc.record({ ttlSeconds: fc.constantFrom(5, 10) }),
  fc.record({ expiresInSeconds: fc.constantFrom(5, 10) }),
)
const texts = fc.array(fc.constantFrom('1', '22', '"é"', '"🍰🍰"', '[3,3]'), { minLength: 1, maxLength: 3 })
const pick = fc.nat(1_000)

/** Numbers pick among what there is when it is the operation's turn, so that a shorter run is still one. */
const operation = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('create' as const),
      name,
      kind: fc.constantFrom<ChannelKind>('json', 'text', 'binary'),
      lifetime,
      closed: fc.constantFrom(false, false, true),
      texts: fc.oneof(fc.constant([]), texts),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('fork' as const),
      name: pick,
      source: pick,
      point: fc.oneof(fc.constantFrom('none', '-1', 'now'), pick, pick),
      subOffset: fc.constantFrom(0, 0, 1, 2, 3, 4),
      lifetime,
      texts: fc.oneof(fc.constant([]), texts),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constant('turn' as const),
      // What one turn of the event loop admits is one commit.
      changes: fc.array(
        fc.record({
          op: fc.constantFrom('append', 'append', 'append', 'close', 'remove', 'create'),
          name,
          texts,
        }),
        { minLength: 1, maxLength: 4 },
      ),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ op: fc.constant('read' as const), name, from: pick, maxBytes: fc.nat(12) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('readBack' as const),
      name,
      from: pick,
      maxMessages: fc.nat(5),
      maxBytes: fc.nat(12),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('last' as const), name, count: fc.nat(8) }) },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('since' as const), name, at: fc.integer({ min: -1, max: 40 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('forge' as const),
      name,
      from: pick,
      by: fc.integer({ min: -3, max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 7 }) }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('restart' as const), isUnclean: fc.boolean() }) },
)
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never
type OperationOf<Op extends Operation['op']> = Extract<Operation, { op: Op }>
type Lifetime = OperationOf<'create'>['lifetime']

interface Storage {
  readonly engine: Engine
  /** Opens it again; unclean: as after a stop of the operating system with durability `os`. */
  readonly reopen?: (isUnclean: boolean) => Promise<Engine>
}

const storages: Record<string, { runs: number; open: () => Promise<Storage> }> = {
  memory: { runs: 150, open: async () => ({ engine: new MemoryEngine() }) },
  disk: { runs: 40, open: openFolder },
}

for (const [storageName, { runs, open }] of Object.entries(storages)) {
  test(`whatever is done to channels and forks over the ${storageName} engine, they are as a plain model has them`, async () => {
    console.info(`SEED=${seed}`)
    const whole = fc.asyncProperty(
      fc.array(operation, { maxLength: 80, size: 'max' }),
      async (operations) => {
        const trial = new Trial(await open())
        try {
          for (const each of operations) await trial.run(each)
          await trial.checkAll()
        } finally {
          await trial.end()
        }
      },
    )
    await fc.assert(whole, { seed, numRuns: runs, endOnFailure: process.env.SHRINK === undefined })
  })
}

class Trial {
  readonly #storage: Storage
  readonly #model = new ModelLog(startMs)
  readonly #told: string[] = []
  #log: Log

  constructor(storage: Storage) {
    this.#storage = storage
    this.#log = new Log(storage.engine, this.#options)
  }

  readonly #now = () => this.#model.nowMs
  /** Few fit in memory, so that channels leave it and come back. */
  readonly #options = { now: this.#now, maxHeldChannels: 4 }

  async end(): Promise<void> {
    await this.#log.close()
  }

  async run(each: Operation): Promise<void> {
    switch (each.op) {
      case 'create':
        return await this.#create(each)
      case 'fork':
        return await this.#fork(each)
      case 'turn':
        return await this.#turn(each)
      case 'read':
        return await this.#read(each)
      case 'readBack':
        return await this.#readBack(each)
      case 'last':
        return await this.#last(each)
      case 'since':
        return await this.#since(each)
      case 'forge':
        return await this.#forge(each)
      case 'wait':
        this.#model.advance(each.seconds)
        return this.#log.expire()
      case 'restart':
        return await this.#restart(each)
    }
  }

  async checkAll(): Promise<void> {
    const { channels, next } = this.#log.list(undefined, 100)
    expect(next).toBeUndefined()
    const there = this.#model.channels.filter(({ isDeleted }) => !isDeleted)
    expect(channels.map(({ name }) => name)).toEqual(there.map(({ name }) => name).sort())
    for (const each of there) await this.#learnAll(each)
    for (const each of there) for (const offset of this.#told) await this.#checkOffset(each, offset)
  }

  async #create({ name, kind, lifetime, closed, texts }: OperationOf<'create'>): Promise<void> {
    const spec = {
      contentType: contentTypes[kind],
      closed,
      messages: buffers(texts),
      ...this.#lifetimeOf(lifetime),
    }
    const known = this.#model.get(name)
    if (known) return await this.#expectFoundOrRefused(known, spec)
    const made = this.#model.add(
      new ModelChannel({ name, kind, isClosed: closed, nowMs: this.#now(), ...modelLifetime(spec) }),
    )
    made.append(texts, { batchStart: 0, nowMs: this.#now() })
    this.#learnTail(made, (await this.#log.create(name, spec)).channel)
  }

  async #expectFoundOrRefused(known: ModelChannel, spec: ChannelSpec): Promise<void> {
    const outcome = await codeOf(this.#log.create(known.name, spec))
    const { ttlSeconds, expiresAtMs } = modelLifetime(spec)
    const asksForNone = ttlSeconds === undefined && expiresAtMs === undefined
    const isSame =
      !known.isDeleted &&
      spec.contentType === contentTypes[known.kind] &&
      (spec.closed ?? false) === known.isClosed &&
      ((known.ttlSeconds === ttlSeconds && known.expiresAtMs === expiresAtMs) ||
        (known.fork?.inheritsLifetime === true && asksForNone)) &&
      known.fork?.source.name === spec.fork?.source &&
      known.fork?.offset === spec.fork?.offset &&
      known.fork?.subOffset === spec.fork?.subOffset
    expect(outcome).toBe(isSame ? 'done' : 'channel-exists')
  }

  async #fork(each: OperationOf<'fork'>): Promise<void> {
    const { subOffset, texts } = each
    // Mostly a name that is free, and a source that is there.
    const name = oneOf(each.name, names, (candidate) => !this.#model.get(candidate))
    const sourceName = oneOf(each.source, names, (candidate) => this.#model.get(candidate) !== undefined)
    const source = this.#model.get(sourceName)
    const offset =
      typeof each.point === 'number' ? this.#toldTo(source, each.point) : writtenPoints[each.point]
    const spec: ChannelSpec = {
      contentType: contentTypes[source?.kind ?? 'json'],
      messages: buffers(texts),
      fork: { source: sourceName, subOffset, ...(offset !== undefined && { offset }) },
      ...this.#lifetimeOf(each.lifetime),
    }
    const known = this.#model.get(name)
    if (known) return await this.#expectFoundOrRefused(known, spec)
    if (!source) return expect(await codeOf(this.#log.create(name, spec))).toBe('channel-unknown')
    if (source.isDeleted)
      return expect(await codeOf(this.#log.create(name, spec))).toBe('fork-source-deleted')
    const point = forkPoint(source, offset, subOffset)
    source.lastUsedMs = this.#now()
    if (point === undefined) return expect(await codeOf(this.#log.create(name, spec))).toBe('fork-invalid')
    const own = modelLifetime(spec)
    const inheritsLifetime = own.ttlSeconds === undefined && own.expiresAtMs === undefined
    const made = this.#model.add(
      new ModelChannel({
        name,
        kind: source.kind,
        nowMs: this.#now(),
        ...(inheritsLifetime ? { ttlSeconds: source.ttlSeconds, expiresAtMs: source.expiresAtMs } : own),
        fork: { source, point, offset, subOffset, inheritsLifetime },
      }),
    )
    made.append(texts, { batchStart: made.tail, nowMs: this.#now() })
    this.#learnTail(made, (await this.#log.create(name, spec)).channel)
  }

  #toldTo(channel: ModelChannel | undefined, pick: number): string {
    return oneOf(pick, ['-1', ...this.#told], (offset) => channel?.takes(offset) ?? false)
  }

  /** All of it is admitted before anything of it is kept. */
  async #turn({ changes }: OperationOf<'turn'>): Promise<void> {
    const tails = new Map(this.#model.channels.map((channel) => [channel, channel.tail]))
    const outcomes: { outcome: Promise<Outcome>; expected: string; tell: (offset: string) => void }[] = []
    for (const { op, name, texts } of changes) {
      const channel = this.#model.get(name)
      const expected = this.#expectedOf(op, channel)
      const outcome = settled(this.#start(op, name, texts))
      if (channel && !channel.isDeleted && (op === 'append' || op === 'close'))
        channel.lastUsedMs = this.#now()
      if (expected === 'done') this.#apply(op, name, texts, tails)
      const after = this.#model.get(name)
      const tail = after?.tail ?? 0
      outcomes.push({ outcome, expected, tell: (offset) => after && this.#learn(after, tail, offset) })
    }
    for (const { outcome, expected, tell } of outcomes) {
      const { code, nextOffset } = await outcome
      expect(code).toBe(expected)
      if (nextOffset !== undefined) tell(nextOffset)
    }
  }

  #expectedOf(op: string, channel: ModelChannel | undefined): string {
    if (op === 'create') {
      const isPlain =
        channel && channel.kind === 'json' && !channel.isClosed && !channel.fork && !hasLifetime(channel)
      return !channel || (isPlain && !channel.isDeleted) ? 'done' : 'channel-exists'
    }
    if (!channel) return 'channel-unknown'
    if (channel.isDeleted) return 'channel-deleted'
    if (channel.isClosed && op === 'append') return 'channel-closed'
    return 'done'
  }

  async #start(
    op: string,
    name: string,
    texts: readonly string[],
  ): Promise<{ nextOffset?: string } | undefined> {
    if (op === 'create') {
      await this.#log.create(name, { contentType: contentTypes.json, messages: buffers(texts) })
      return undefined
    }
    if (op === 'remove') {
      await this.#log.remove(name)
      return undefined
    }
    const channel = this.#log.findToAppend(name)
    return await this.#log.append(
      channel,
      op === 'close' ? { messages: [], close: true } : { messages: buffers(texts) },
    )
  }

  #apply(op: string, name: string, texts: readonly string[], tails: Map<ModelChannel, number>): void {
    const nowMs = this.#now()
    const channel = this.#model.get(name)
    if (op === 'remove' && channel) this.#model.remove(channel)
    else if (op === 'close' && channel) channel.isClosed = true
    else if (op === 'append' && channel) channel.append(texts, { batchStart: tails.get(channel) ?? 0, nowMs })
    else if (op === 'create' && !channel) {
      const made = this.#model.add(new ModelChannel({ name, kind: 'json', nowMs }))
      made.append(texts, { batchStart: 0, nowMs })
    }
  }

  async #read({ name, from, maxBytes }: OperationOf<'read'>): Promise<void> {
    const [model, channel] = this.#find(name)
    if (!model || !channel) return
    const offset = this.#toldTo(model, from)
    const position = await this.#checkOffset(model, offset)
    if (position === undefined) return
    const batches = await this.#log.reader.read(channel, position, maxBytes)
    const expected = model.messages.filter(({ start }) => start >= position)
    const found = this.#messagesOf(model, batches)
    expect(found).toEqual(expected.slice(0, found.length).map(({ text }) => text))
    expect(found.length > 0).toBe(expected.length > 0)
    if (batches.length > 1) expect(bytesOf(batches)).toBeLessThanOrEqual(maxBytes)
  }

  async #readBack({ name, from, maxMessages, maxBytes }: OperationOf<'readBack'>): Promise<void> {
    const [model, channel] = this.#find(name)
    if (!model || !channel) return
    const offset = this.#toldTo(model, from)
    if (!model.takes(offset)) return
    const position = await this.#log.resolve(channel, parseOffset(offset) ?? { at: 'beginning' })
    const batches = await this.#log.reader.readBack(channel, position, { maxMessages, maxBytes })
    const before = model.messages.filter(({ end }) => end <= position)
    const found = this.#messagesOf(model, batches)
    expect(found).toEqual(before.slice(before.length - found.length).map(({ text }) => text))
    expect(found.length).toBe(
      fittingBackwards(
        before.map(({ text }) => text),
        { maxMessages, maxBytes },
      ),
    )
    if (batches.length > 0) expect(batches.at(-1)?.end).toBe(position)
  }

  async #last({ name, count }: OperationOf<'last'>): Promise<void> {
    const [model, channel] = this.#find(name)
    if (!model || !channel) return
    const expected = count === 0 ? model.tail : (model.messages.at(-count)?.start ?? 0)
    expect(await this.#log.resolve(channel, { at: 'last', count })).toBe(expected)
  }

  async #since({ name, at }: OperationOf<'since'>): Promise<void> {
    const [model, channel] = this.#find(name)
    if (!model || !channel) return
    const timeMs = startMs + at * 1000
    const expected = model.messages.find(({ keptAtMs }) => keptAtMs >= timeMs)
    expect(await this.#log.resolve(channel, { at: 'since', timeMs })).toBe(expected?.batchStart ?? model.tail)
  }

  /** An offset that nobody gave out, near one that somebody did. */
  async #forge({ name, from, by }: OperationOf<'forge'>): Promise<void> {
    const [model] = this.#find(name)
    if (!model) return
    await this.#learnAll(model)
    const [history, position] = (this.#told[from % this.#told.length] ?? '').split('_')
    const forged = `${history}_${String(Math.max(0, Number(position) + by)).padStart(16, '0')}`
    await this.#checkOffset(model, forged)
  }

  async #restart({ isUnclean }: OperationOf<'restart'>): Promise<void> {
    if (!this.#storage.reopen) return
    await this.#log.close()
    this.#log = await Log.open(await this.#storage.reopen(isUnclean), this.#options)
    this.#log.expire()
    this.#model.restart()
  }

  /** @returns where the offset leads to, if it may lead anywhere */
  async #checkOffset(model: ModelChannel, offset: string): Promise<number | undefined> {
    const channel = this.#log.peek(model.name)
    const request = parseOffset(offset) ?? { at: 'beginning' }
    const outcome = await this.#log
      .resolve(channel, request)
      .then(
        async (position) => {
          await this.#log.reader.read(channel, position, 1)
          return position
        },
        (error: unknown) => codeIn(error),
      )
      .catch((error: unknown) => codeIn(error))
    if (model.takes(offset)) {
      expect(outcome, offset).toBe(request.at === 'offset' ? request.position : 0)
      return outcome as number
    }
    expect(outcome, offset).toBe('history-changed')
    return undefined
  }

  #find(name: string): [ModelChannel, Channel] | [undefined, undefined] {
    const model = this.#model.get(name)
    if (model && !model.isDeleted) {
      model.lastUsedMs = this.#now()
      return [model, this.#log.find(name)]
    }
    expect(codeIn(thrownBy(() => this.#log.find(name)))).toBe(model ? 'channel-deleted' : 'channel-unknown')
    return [undefined, undefined]
  }

  async #learnAll(model: ModelChannel): Promise<void> {
    const channel = this.#log.peek(model.name)
    this.#learnTail(model, channel)
    expect(channel.keptClosed).toBe(model.isClosed)
    this.#learn(model, 0, channel.offsetAt(0))
    const found = this.#messagesOf(model, await this.#log.reader.read(channel, 0, 1e6))
    expect(found).toEqual(model.messages.map(({ text }) => text))
  }

  #learnTail(model: ModelChannel, channel: Channel): void {
    expect(channel.keptTail).toBe(model.tail)
    this.#learn(model, model.tail, channel.nextOffset)
  }

  #learn(model: ModelChannel, position: number, offset: string): void {
    model.learn(position, offset)
    if (!this.#told.includes(offset)) this.#told.push(offset)
  }

  #messagesOf(model: ModelChannel, batches: readonly Batch[]): string[] {
    const found: string[] = []
    for (const batch of batches) {
      for (let index = 0; index < batch.messageCount; index++) {
        const text = Buffer.from(batch.message(index)).toString()
        found.push(text)
        const offset = batch.offsetAfter(index)
        const parsed = parseOffset(offset)
        if (parsed?.at === 'offset') this.#learn(model, parsed.position, offset)
      }
    }
    return found
  }

  #lifetimeOf(lifetime: Lifetime): { ttlSeconds?: number; expiresAt?: string } {
    if ('ttlSeconds' in lifetime) return { ttlSeconds: lifetime.ttlSeconds }
    if (!('expiresInSeconds' in lifetime)) return {}
    return { expiresAt: new Date(this.#now() + lifetime.expiresInSeconds * 1000).toISOString() }
  }
}

/** Mostly one that is wanted, if there is any. */
function oneOf(pick: number, all: readonly string[], isWanted: (candidate: string) => boolean): string {
  const wanted = all.filter(isWanted)
  const from = wanted.length > 0 && pick % 5 > 0 ? wanted : all
  return from[Math.floor(pick / 5) % from.length] as string
}

function forkPoint(source: ModelChannel, offset: string | undefined, subOffset: number): number | undefined {
  if (offset !== undefined && !source.takes(offset)) return undefined
  const parsed = offset === undefined ? undefined : parseOffset(offset)
  const anchor = parsed?.at === 'offset' ? parsed.position : parsed?.at === 'beginning' ? 0 : source.tail
  if (subOffset === 0) return anchor
  if (source.kind === 'json') return anchor + subOffset <= source.tail ? anchor + subOffset : undefined
  const next = source.messages.find(({ start }) => start === anchor)
  if (!next || subOffset > next.end - next.start) return undefined
  const head = Buffer.from(next.text).subarray(0, subOffset)
  const isWhole = source.kind === 'binary' || Buffer.from(head.toString()).equals(head)
  return isWhole ? anchor + subOffset : undefined
}

function fittingBackwards(
  before: readonly string[],
  limits: { maxMessages: number; maxBytes: number },
): number {
  let count = 0
  let bytes = 0
  for (const text of [...before].reverse()) {
    if (count === limits.maxMessages) break
    bytes += Buffer.byteLength(text)
    if (count > 0 && bytes > limits.maxBytes) break
    count++
  }
  return count
}

function modelLifetime({ ttlSeconds, expiresAt }: ChannelSpec) {
  return { ttlSeconds, expiresAtMs: expiresAt === undefined ? undefined : Date.parse(expiresAt) }
}

function hasLifetime({ ttlSeconds, expiresAtMs }: ModelChannel): boolean {
  return ttlSeconds !== undefined || expiresAtMs !== undefined
}

function buffers(texts: readonly string[]): Buffer[] {
  return texts.map((text) => Buffer.from(text))
}

function bytesOf(batches: readonly Batch[]): number {
  return batches.reduce((bytes, batch) => bytes + batch.payload.byteLength, 0)
}

interface Outcome {
  readonly code: string
  readonly nextOffset?: string
}

async function settled(promise: Promise<{ nextOffset?: string } | undefined>): Promise<Outcome> {
  return await promise.then(
    (value) => ({ code: 'done', ...(value?.nextOffset !== undefined && { nextOffset: value.nextOffset }) }),
    (error: unknown) => ({ code: codeIn(error) }),
  )
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(() => 'done', codeIn)
}

function codeIn(error: unknown): string {
  if (error instanceof Problem) return error.code
  throw error
}

function thrownBy(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  throw new Error('Nothing was thrown')
}

async function openFolder(): Promise<Storage> {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-model-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const open = () => openDiskEngine({ folder, durability: 'os' })
  return {
    engine: await open(),
    reopen: async (isUnclean) => {
      const file = join(folder, 'tidings.json')
      const record: object = JSON.parse(await readFile(file, 'utf8'))
      if (isUnclean) await writeFile(file, JSON.stringify({ ...record, isSettled: false, bootId: 'another' }))
      return await open()
    },
  }
}
