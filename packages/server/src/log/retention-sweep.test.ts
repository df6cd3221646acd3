import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { Retention } from './engine.js'
import { openUnderTest } from './engines/disk/under-test-suite.js'
import { MemoryEngine } from './engines/memory.js'
import { Log } from './log.js'

const startMs = Date.parse('2030-01-01T00:00:00Z')

/** Counts what is asked of it, and lets a test do something in between. */
class CountingEngine extends MemoryEngine {
  commits = 0
  dropped = 0
  mostDropped = 0
  mostChannels = 0
  reads = 0
  readBytes = 0
  onRead: (channelId: number) => Promise<void> | void = () => {}
  onWasRead: () => Promise<void> | void = () => {}
  onReadBack: () => Promise<void> | void = () => {}
  onCommit: () => void = () => {}

  override async commit(...[commit]: Parameters<MemoryEngine['commit']>): Promise<void> {
    this.onCommit()
    this.commits++
    const dropped = commit.dropped?.length ?? 0
    this.dropped += dropped
    this.mostDropped = Math.max(this.mostDropped, dropped)
    this.mostChannels = Math.max(this.mostChannels, commit.channels.length)
    await super.commit(commit)
  }

  override async read(...asked: Parameters<MemoryEngine['read']>) {
    this.reads++
    await this.onRead(asked[0])
    const batches = await super.read(...asked)
    await this.onWasRead()
    for (const { payload } of batches) this.readBytes += payload.byteLength
    return batches
  }

  override async readBack(...asked: Parameters<MemoryEngine['readBack']>) {
    const batches = await super.readBack(...asked)
    await this.onReadBack()
    return batches
  }
}

/** What `action` does is done once, and meanwhile nothing else calls it. */
function once(action: () => Promise<void>): () => Promise<void> {
  let isDone = false
  return async () => {
    if (isDone) return
    isDone = true
    await action()
  }
}

function messagesOf(...texts: string[]): Buffer[] {
  return texts.map((text) => Buffer.from(text))
}

async function create(log: Log, name: string, retention: Retention, ...texts: string[]): Promise<void> {
  const messages = messagesOf(...texts)
  await log.create(name, { contentType: 'application/json', retention, messages })
}

function append(log: Log, name: string, ...texts: string[]) {
  return log.append(log.findToAppend(name), { messages: messagesOf(...texts) })
}

function openLog(
  options: { engine?: MemoryEngine; now?: () => number; onMistake?: (error: unknown) => void } = {},
): Log {
  const { engine = new MemoryEngine(), now = () => startMs, onMistake } = options
  const log = new Log(engine, { now, ...(onMistake && { onMistake }) })
  onTestFinished(() => log.close())
  return log
}

test('a channel that is deleted while it is counted does not end the retention of others', async () => {
  const engine = new CountingEngine()
  const before = new Log(engine, { now: () => startMs })
  await create(before, 'counted', { bytes: 1_000_000_000 })
  // More than is read in one step.
  for (let n = 0; n < 40; n++) await append(before, 'counted', `"${'x'.repeat(20_000)}"`)
  await create(before, 'other', { count: 1 })
  await before.close()

  const log = openLog({ engine })
  const looked = log.retention.lookAtAll()
  while (engine.readBytes === 0) await nextTurn()
  await log.remove('counted')
  await looked
  for (const text of ['1', '2', '3']) await append(log, 'other', text)
  await log.retention.lookAtAll()
  expect(log.peek('other').keptEarliest).toBe(2)
})

test('what a thousand channels drop at one time is few commits', async () => {
  let nowMs = startMs
  const engine = new CountingEngine()
  const log = openLog({ engine, now: () => nowMs })
  const names = Array.from({ length: 1_000 }, (_, index) => `channel-${index}`)
  await Promise.all(names.map((name) => create(log, name, { ageSeconds: 10 }, '1')))
  nowMs += 11_000
  engine.commits = 0
  await log.retention.lookAtAll()
  for (const name of names) {
    const channel = log.peek(name)
    expect(channel.keptEarliest).toBe(1)
    expect(await engine.read(channel.id, 0, 1)).toEqual([])
  }
  expect(engine.commits).toBeLessThan(100)
})

test('channels that become due together do not take their steps all in one turn, in which nobody else has theirs', async () => {
  const engine = new CountingEngine()
  const log = openLog({ engine })
  const names = Array.from({ length: 1_000 }, (_, index) => `channel-${index}`)
  await Promise.all(names.map((name) => create(log, name, { count: 1 }, '1')))
  engine.mostChannels = 0
  await Promise.all(names.map((name) => append(log, name, '2')))
  await log.retention.lookAtAll()
  for (const name of names) expect(log.peek(name).keptEarliest).toBe(1)
  expect(engine.mostChannels).toBeLessThan(300)
})

test('ten thousand batches of one channel are dropped by commits of which none is large, and each once', async () => {
  let nowMs = startMs
  const engine = new CountingEngine()
  const log = openLog({ engine, now: () => nowMs })
  await create(log, 'cake', { ageSeconds: 1 })
  for (let n = 0; n < 10_000; n++) await append(log, 'cake', `${n}`)
  nowMs += 5_000
  await log.retention.lookAtAll()
  await log.retention.lookAtAll()
  expect(engine.dropped).toBe(10_000)
  expect(engine.mostDropped).toBeLessThanOrEqual(500)
})

test('what is appended is counted as it comes, and not read back', async () => {
  const engine = new CountingEngine()
  const log = openLog({ engine })
  await create(log, 'cake', { bytes: 1_000 })
  for (let n = 0; n < 500; n++) await append(log, 'cake', '1')
  expect(engine.reads).toBe(0)
})

test('a channel that an earlier run left is counted at its first append, with all that it held', async () => {
  const engine = new MemoryEngine()
  const before = new Log(engine, { now: () => startMs })
  await create(before, 'cake', { bytes: 10 }, '1', '2')
  for (const text of ['34', '56', '78']) await append(before, 'cake', text)
  await before.close()
  const log = openLog({ engine })
  for (const text of ['90', '12']) await append(log, 'cake', text)
  while (log.peek('cake').keptEarliest === 0) await nextTurn()
  await log.retention.lookAtAll()
  expect(log.peek('cake').keptEarliest).toBe(2)
})

test.each([
  [1, 'before'],
  [2, 'before'],
  [3, 'before'],
  [3, 'after'],
] as const)(
  'a channel that is deleted while a step reads it stays deleted, and that is no mistake (read %i, %s it)',
  async (whichRead, place) => {
    const engine = new CountingEngine()
    const before = new Log(engine, { now: () => startMs })
    await create(before, 'cake', { bytes: 1_000, ageSeconds: 1 }, '1')
    await append(before, 'cake', '2')
    await before.close()
    const mistakes: unknown[] = []
    const now = () => startMs + 5_000
    const log = openLog({ engine, now, onMistake: (error) => mistakes.push(error) })
    engine[place === 'before' ? 'onRead' : 'onWasRead'] = async () => {
      if (engine.reads === whichRead) await log.remove('cake')
    }
    await log.retention.lookAtAll()
    await log.close()
    expect(engine.reads).toBeGreaterThanOrEqual(whichRead)
    expect(engine.channel('cake')).toBeUndefined()
    expect(mistakes).toEqual([])
  },
)

test('a source that is deleted and kept for its forks is left as it is', async () => {
  let nowMs = startMs
  const engine = new CountingEngine()
  const log = openLog({ engine, now: () => nowMs })
  await create(log, 'cake', { ageSeconds: 1 }, '1')
  const fork = { source: 'cake', subOffset: 0 }
  await log.create('fork', { contentType: 'application/json', messages: [], fork })
  await log.remove('cake')
  nowMs += 5_000
  engine.commits = 0
  await log.retention.lookAtAll()
  expect(engine.commits).toBe(0)
})

test('of a source, the message in which a fork ends stays; the one after it does not, however large the first is', async () => {
  const log = openLog()
  const retention = { count: 1 }
  await log.create('cake', { contentType: 'text/plain', retention, messages: [] })
  await append(log, 'cake', 'x'.repeat(400_000))
  const { id } = log.peek('cake')
  const fork = { source: 'cake', offset: '-1', subOffset: 10 }
  await log.create('fork', { contentType: 'text/plain', messages: [], fork })
  for (const text of ['second', 'third', 'fourth']) await append(log, 'cake', text)
  await log.retention.lookAtAll()
  // As another run finds it, which has not passed them itself.
  const again = openLog({ engine: log.engine as MemoryEngine })
  await again.retention.lookAtAll()
  expect((await again.engine.read(id, 0, 1e6)).map(({ start }) => start)).toEqual([0, 400_011])
})

test('a mistake of ours with one channel is told once, and the others are held to their limits', async () => {
  let nowMs = startMs
  const engine = new CountingEngine()
  const mistakes: unknown[] = []
  const log = openLog({ engine, now: () => nowMs, onMistake: (error) => mistakes.push(error) })
  await create(log, 'cake', { ageSeconds: 1 }, '1')
  await create(log, 'other', { ageSeconds: 1 }, '1')
  const { id } = log.peek('cake')
  const mistake = new TypeError('a mistake of ours')
  engine.onRead = (channelId) => {
    if (channelId === id) throw mistake
  }
  nowMs += 5_000
  await log.retention.lookAtAll()
  await log.retention.lookAtAll()
  expect(mistakes).toEqual([mistake])
  expect(log.peek('other').keptEarliest).toBe(1)
})

test('once the storage keeps nothing more, retention rests', async () => {
  let nowMs = startMs
  const engine = new CountingEngine()
  const log = openLog({ engine, now: () => nowMs })
  await create(log, 'cake', { ageSeconds: 1 }, '1')
  nowMs += 5_000
  engine.onCommit = () => {
    throw new Error('no more')
  }
  await log.retention.lookAtAll()
  engine.reads = 0
  await log.retention.lookAtAll()
  expect(engine.reads).toBe(0)
  expect(log.peek('cake').keptEarliest).toBe(0)
})

test('a damaged batch stops the retention of its own channel only, and is no mistake', async () => {
  let nowMs = startMs
  const subject = await openUnderTest('fsync')
  onTestFinished(() => subject.dispose())
  const before = new Log(subject.engine, { now: () => nowMs })
  await create(before, 'a-damaged', { ageSeconds: 1 }, '"the bit of this one is changed"')
  await create(before, 'other', { ageSeconds: 1 }, '1')
  const again = await subject.flipBit?.(Buffer.from('the bit of this one'))
  if (!again) throw new Error('the disk engine can be damaged')
  const mistakes: unknown[] = []
  const log = new Log(again.engine, { now: () => nowMs, onMistake: (error) => mistakes.push(error) })
  nowMs += 5_000
  await log.retention.lookAtAll()
  expect(log.peek('a-damaged').keptEarliest).toBe(0)
  expect(log.peek('other').keptEarliest).toBe(1)
  expect(mistakes).toEqual([])
})

test('a thousand channels that grow at one time are held near their limits', async () => {
  const log = openLog()
  const names = Array.from({ length: 1_000 }, (_, index) => `channel-${index}`)
  await Promise.all(names.map((name) => create(log, name, { count: 8 })))
  let most = 0
  for (let n = 0; n < 60; n++) {
    await Promise.all(names.map((name) => append(log, name, `${n}`)))
    for (const name of names) {
      const { keptTail, keptEarliest } = log.peek(name)
      most = Math.max(most, keptTail - keptEarliest)
    }
  }
  // The limit, an eighth more, and what comes while the drop is being kept.
  expect(most).toBeLessThan(30)
})

test('a look at channels that have nothing to drop reads nothing of them', async () => {
  const engine = new CountingEngine()
  const log = openLog({ engine })
  await create(log, 'young', { ageSeconds: 10 }, '1', '2')
  // More than the limit, and the first batch has to stay all the same.
  await create(log, 'batches', { count: 10, bytes: 10 }, ...'12345')
  await append(log, 'batches', ...'12345678')
  await create(log, 'empty', { ageSeconds: 10 })
  await log.retention.lookAtAll()
  engine.reads = 0
  await log.retention.lookAtAll()
  expect(engine.reads).toBe(0)
})

test('a damaged record of one channel ends neither the retention nor the lifetimes of others', async () => {
  let nowMs = startMs
  const subject = await openUnderTest('fsync')
  onTestFinished(() => subject.dispose())
  const before = new Log(subject.engine, { now: () => nowMs })
  await create(before, 'a-damaged', { ageSeconds: 1 }, '1')
  await create(before, 'retained', { ageSeconds: 10 }, '1')
  await before.create('ends', { contentType: 'text/plain', ttlSeconds: 1, messages: [] })
  const again = await subject.flipBit?.(Buffer.from('a-damaged","contentType'))
  if (!again) throw new Error('the disk engine can be damaged')
  const log = await Log.open(again.engine, { now: () => nowMs })
  log.expire()
  nowMs += 11_000
  log.expire()
  await log.retention.lookAtAll()
  expect(() => log.peek('a-damaged')).toThrow('does not match its checksum')
  expect(log.peek('retained').keptEarliest).toBe(1)
  expect(() => log.peek('ends')).toThrow('There is no channel')
})

/** A text channel of three batches, and what drops the first two. */
async function channelThatDrops() {
  let nowMs = startMs
  const engine = new CountingEngine()
  const log = openLog({ engine, now: () => nowMs })
  const spec = { contentType: 'text/plain', retention: { ageSeconds: 10 }, messages: [] }
  const { channel } = await log.create('cake', spec)
  await append(log, 'cake', 'one')
  const second = { position: channel.keptTail, offset: channel.nextOffset }
  await append(log, 'cake', 'two')
  nowMs += 8_000
  await append(log, 'cake', 'three')
  const drop = once(async () => {
    nowMs += 5_000
    await log.retention.lookAtAll()
    expect(channel.keptEarliest).toBe(6)
  })
  return { engine, log, channel, second, drop }
}

test('a read that is overtaken before it reaches the engine is told so, and not that the history has changed', async () => {
  const { engine, log, channel, second, drop } = await channelThatDrops()
  engine.onRead = drop
  await expect(log.reader.read(channel, second.position, 1e6)).rejects.toMatchObject({ code: 'offset-gone' })
})

test('a read from before the earliest position is refused though the batches are still there', async () => {
  const { engine, log, channel, second, drop } = await channelThatDrops()
  const commit = engine.commit.bind(engine)
  engine.commit = (asked) => commit({ ...asked, dropped: [] })
  await drop()
  expect(await engine.read(channel.id, 0, 1e6)).toHaveLength(3)
  await expect(log.reader.read(channel, second.position, 1e6)).rejects.toMatchObject({ code: 'offset-gone' })
})

test.each([
  ['last', { at: 'last', count: 100 }],
  ['since', { at: 'since', timeMs: startMs }],
] as const)('%s finds no place that retention passes meanwhile', async (_, request) => {
  const { engine, log, channel, drop } = await channelThatDrops()
  engine.onReadBack = drop
  expect(await log.resolve(channel, request)).toBe(6)
})

test('a fork whose point is passed while it is looked up is refused, not made with a hole', async () => {
  const { engine, log, second, drop } = await channelThatDrops()
  engine.onWasRead = drop
  const fork = { source: 'cake', offset: second.offset, subOffset: 0 }
  await expect(log.create('fork', { contentType: 'text/plain', messages: [], fork })).rejects.toMatchObject({
    code: 'offset-gone',
  })
  expect(() => log.peek('fork')).toThrow('There is no channel')
})

test('a later fork that inherits less takes nothing from an earlier one', async () => {
  const { log, second, drop } = await channelThatDrops()
  const spec = { contentType: 'text/plain', messages: [] }
  const { channel } = await log.create('all', { ...spec, fork: { source: 'cake', subOffset: 0 } })
  await log.create('one', { ...spec, fork: { source: 'cake', offset: second.offset, subOffset: 0 } })
  await drop()
  expect((await log.reader.read(channel, 0, 1e6)).map(({ start }) => start)).toEqual([0, 3, 6])
})
