import { Problem, parseOffset } from '@tidings/protocol'
import { expect } from 'vitest'
import type { Channel } from './channel.js'
import type { Engine, Retention } from './engine.js'
import { Log } from './log.js'
import type { Command } from './whole-log-commands-suite.js'
import { WholeChannel } from './whole-log-suite.js'

const startMs = Date.parse('2030-01-01T00:00:00Z')
const contentTypes = { json: 'application/json', text: 'text/plain', binary: 'image/png' } as const

type CommandOf<Op extends Command['op']> = Extract<Command, { op: Op }>

/** The true log and the model, side by side. */
export class Trial {
  readonly #reopen: ((engine: Engine) => Promise<Engine>) | undefined
  readonly #told: string[] = []
  #channels: WholeChannel[] = []
  #nowMs = startMs
  #made = 0
  #log: Log

  constructor(engine: Engine, reopen?: (engine: Engine) => Promise<Engine>) {
    this.#log = new Log(engine, this.#options)
    this.#reopen = reopen
  }

  /** Few fit in memory, so that channels leave it and come back. */
  readonly #options = { now: () => this.#nowMs, maxHeldChannels: 4 }

  get log(): Log {
    return this.#log
  }

  async run(each: Command): Promise<void> {
    switch (each.op) {
      case 'create':
        return await this.#create(each)
      case 'append':
        return await this.#append(each)
      case 'fork':
        return await this.#fork(each)
      case 'delete':
        return await this.#delete(each)
      case 'advance-clock':
        this.#nowMs += each.seconds * 1000
        return
      case 'sweep':
        return await this.#sweep()
      case 'restart':
        return await this.#restart()
      case 'read':
        return await this.#read(each)
      case 'readBack':
        return await this.#readBack(each)
    }
  }

  /** Every channel is looked at, which is no use of it: what it holds, where, and which offsets it takes. */
  async check(): Promise<void> {
    this.#endWhatIsOver()
    for (const model of this.#channels) {
      if (model.isDeleted) {
        expect(codeIn(thrownBy(() => this.#log.peek(model.name)))).toBe('channel-deleted')
        continue
      }
      const channel = this.#log.peek(model.name)
      expect(channel.keptTail).toBe(model.tail)
      this.#seeEarliest(model, channel)
      await this.#expectAll(model, channel)
      this.#learn(model, channel)
    }
    expect(this.#log.list(undefined, 1_000).channels.map(({ name }) => name)).toEqual(
      this.#channels.flatMap(({ name, isDeleted }) => (isDeleted ? [] : [name])).sort(),
    )
  }

  async #create({ kind, retention, ttl }: CommandOf<'create'>): Promise<void> {
    const name = `channel-${String(this.#made++).padStart(3, '0')}`
    await this.#log.create(name, {
      contentType: contentTypes[kind],
      messages: [],
      ...keeping(retention, ttl),
    })
    this.#channels.push(new WholeChannel({ name, kind, retention, ttlSeconds: ttl, lastUsedMs: this.#nowMs }))
  }

  async #append({ pick, texts }: CommandOf<'append'>): Promise<void> {
    const model = this.#alive(pick)
    if (!model) return
    const appended = model.kind === 'json' ? texts : [texts.join('')]
    model.append(texts, this.#nowMs)
    model.lastUsedMs = this.#nowMs
    const messages = appended.map((text) => Buffer.from(text))
    const { nextOffset } = await this.#log.append(this.#log.findToAppend(model.name), { messages })
    this.#tell(model, model.tail, nextOffset)
  }

  async #fork({ pick, point: pointPick, subOffset, retention, ttl }: CommandOf<'fork'>): Promise<void> {
    const source = this.#alive(pick)
    if (!source) return
    const channel = this.#log.peek(source.name)
    const boundaries = [channel.keptEarliest, ...source.messages.map(({ end }) => end)]
    const kept = boundaries.filter((each) => each >= channel.keptEarliest)
    const anchor = kept[pointPick % kept.length] as number
    const room =
      source.kind === 'json'
        ? source.tail - anchor
        : (source.messages.find(({ start }) => start === anchor)?.text.length ?? 0)
    const point = anchor + Math.min(subOffset, room)
    const name = `fork-${String(this.#made++).padStart(3, '0')}`
    const outcome = await settled(
      this.#log.create(name, {
        contentType: contentTypes[source.kind],
        messages: [],
        fork: { source: source.name, offset: channel.offsetAt(anchor), subOffset: Math.min(subOffset, room) },
        ...keeping(retention, ttl),
      }),
    )
    source.lastUsedMs = this.#nowMs
    // Retention may have gone on while the point was looked for.
    if (outcome === 'offset-gone') return expect(anchor).toBeLessThan(source.earliestAt(this.#nowMs))
    expect(outcome).toBe('done')
    const earliest = this.#log.peek(name).keptEarliest
    expect(earliest).toBeGreaterThanOrEqual(source.seenEarliest)
    const fork = { source, point, earliest }
    const inherited = ttl === undefined ? source.ttlSeconds : ttl
    this.#channels.push(
      new WholeChannel({
        name,
        kind: source.kind,
        retention,
        ttlSeconds: inherited,
        lastUsedMs: this.#nowMs,
        fork,
      }),
    )
  }

  async #delete({ pick }: CommandOf<'delete'>): Promise<void> {
    const model = this.#alive(pick)
    if (!model) return
    this.#remove(model)
    await this.#log.remove(model.name)
  }

  /** After it each channel holds what its retention says, to the batch. */
  async #sweep(): Promise<void> {
    this.#log.expire()
    this.#endWhatIsOver()
    await this.#log.retention.lookAtAll()
    for (const model of this.#channels.filter(({ isDeleted }) => !isDeleted)) {
      const { keptEarliest } = this.#log.peek(model.name)
      expect(keptEarliest).toBe(model.earliestAt(this.#nowMs))
      model.seenEarliest = keptEarliest
    }
  }

  async #restart(): Promise<void> {
    if (!this.#reopen) return
    await this.#log.close()
    this.#log = await Log.open(await this.#reopen(this.#log.engine), this.#options)
    // When a channel was last used is forgotten.
    for (const model of this.#channels) model.lastUsedMs = this.#nowMs
  }

  /** From an offset that some channel told, or that nobody would: read, or refused for the right reason. */
  async #read({ pick, from, maxBytes }: CommandOf<'read'>): Promise<void> {
    const model = this.#alive(pick)
    const offset = this.#told[from % Math.max(1, this.#told.length)]
    if (!model || offset === undefined) return
    const channel = this.#log.find(model.name)
    model.lastUsedMs = this.#nowMs
    const request = parseOffset(offset)
    if (request?.at !== 'offset') return
    const { position } = request
    const takes = position <= model.tail && model.isBoundary(position) && model.told(position) === offset
    const outcome = await this.#readFrom(channel, request, maxBytes)
    if (!takes) {
      // Whether a message began there can not be said any more of what is dropped.
      const isPassed = position < model.earliestAt(this.#nowMs) && outcome === 'offset-gone'
      return expect(isPassed ? 'history-changed' : outcome, offset).toBe('history-changed')
    }
    if (typeof outcome === 'string') {
      expect(outcome).toBe('offset-gone')
      return expect(position).toBeLessThan(model.earliestAt(this.#nowMs))
    }
    expect(position).toBeGreaterThanOrEqual(model.seenEarliest)
    expect(outcome).toEqual(model.from(position).slice(0, outcome.length))
    expect(outcome.length > 0).toBe(position < model.tail)
  }

  async #readFrom(
    channel: Channel,
    request: Parameters<Log['resolve']>[1],
    maxBytes: number,
  ): Promise<string[] | string> {
    try {
      const position = await this.#log.resolve(channel, request)
      return textsOf(await this.#log.reader.read(channel, position, maxBytes))
    } catch (error) {
      return codeIn(error)
    }
  }

  async #readBack({ pick, maxMessages }: CommandOf<'readBack'>): Promise<void> {
    const model = this.#alive(pick)
    if (!model) return
    const channel = this.#log.find(model.name)
    model.lastUsedMs = this.#nowMs
    const limits = { maxMessages, maxBytes: 1e6 }
    const found = textsOf(await this.#log.reader.readBack(channel, model.tail, limits))
    const atMost = model.from(model.seenEarliest)
    const atLeast = model.from(model.earliestAt(this.#nowMs))
    expect(found).toEqual(atMost.slice(atMost.length - found.length))
    expect(found.length).toBeGreaterThanOrEqual(Math.min(maxMessages, atLeast.length))
    expect(found.length).toBeLessThanOrEqual(maxMessages)
  }

  /** Appends drop what is too much by themselves, at a time of their own: never more than retention says, and never back. */
  #seeEarliest(model: WholeChannel, channel: Channel): void {
    const { keptEarliest } = channel
    expect(keptEarliest).toBeGreaterThanOrEqual(model.seenEarliest)
    expect(keptEarliest).toBeLessThanOrEqual(model.earliestAt(this.#nowMs))
    model.seenEarliest = keptEarliest
  }

  async #expectAll(model: WholeChannel, channel: Channel): Promise<void> {
    const found: string[] = []
    for (let at = channel.keptEarliest, first = at; at < channel.keptTail; ) {
      const batches = await this.#log.reader.read(channel, at, 16).catch((error: unknown) => {
        // What was dropped between two reads is begun again behind.
        expect(codeIn(error)).toBe('offset-gone')
        return undefined
      })
      if (batches) found.push(...textsOf(batches))
      else found.splice(0)
      at = batches?.at(-1)?.end ?? channel.keptEarliest
      if (!batches) first = at
      if (at === channel.keptTail) expect(found).toEqual(model.from(first))
    }
  }

  /** A position has one offset for ever, whoever tells it. */
  #learn(model: WholeChannel, channel: Channel): void {
    const ends = model.messages.map(({ end }) => end)
    for (const position of [0, ...ends]) this.#tell(model, position, channel.offsetAt(position))
  }

  #tell(model: WholeChannel, position: number, offset: string): void {
    const known = model.told(position)
    expect(offset).toBe(known ?? offset)
    if (known !== undefined) return
    model.tell(position, offset)
    this.#told.push(offset)
  }

  #alive(pick: number): WholeChannel | undefined {
    this.#endWhatIsOver()
    const alive = this.#channels.filter(({ isDeleted }) => !isDeleted)
    return alive[pick % Math.max(1, alive.length)]
  }

  #endWhatIsOver(): void {
    for (const model of [...this.#channels]) if (model.isOverAt(this.#nowMs)) this.#remove(model)
  }

  #remove(model: WholeChannel): void {
    model.isDeleted = true
    for (
      let each: WholeChannel | undefined = model;
      each?.isDeleted && each.forks === 0;
      each = each.source
    ) {
      this.#channels = this.#channels.filter((other) => other !== each)
      if (each.source) each.source.forks--
    }
  }
}

function keeping(retention: Retention, ttl: number | undefined) {
  return { retention, ...(ttl !== undefined && { ttlSeconds: ttl }) }
}

function textsOf(batches: readonly { messageCount: number; message(index: number): Uint8Array }[]): string[] {
  return batches.flatMap((batch) =>
    Array.from({ length: batch.messageCount }, (_, index) => Buffer.from(batch.message(index)).toString()),
  )
}

function settled(promise: Promise<unknown>): Promise<string> {
  return promise.then(() => 'done', codeIn)
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
  throw new Error('nothing was thrown')
}
