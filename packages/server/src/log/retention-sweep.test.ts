import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { Retention } from './engine.js'
import { openUnderTest } from './engines/disk/under-test-suite.js'
import { MemoryEngine } from './engines/memory.js'
import { Log } from './log.js'

const startMs = Date.parse('2030-01-01T00:00:00Z')

/** Counts what is asked of it. */
class CountingEngine extends MemoryEngine {
  commits = 0
  readBytes = 0

  override async commit(...[commit]: Parameters<MemoryEngine['commit']>): Promise<void> {
    this.commits++
    await super.commit(commit)
  }

  override async read(...asked: Parameters<MemoryEngine['read']>) {
    const batches = await super.read(...asked)
    for (const { payload } of batches) this.readBytes += payload.byteLength
    return batches
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

function openLog(options: { engine?: MemoryEngine; now?: () => number } = {}): Log {
  const log = new Log(options.engine ?? new MemoryEngine(), { now: options.now ?? (() => startMs) })
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
  await log.retention.lookAtAll()
  engine.readBytes = 0
  await log.retention.lookAtAll()
  expect(engine.readBytes).toBe(0)
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
