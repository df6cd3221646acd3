import type { Problem } from '@tidings/protocol'
import { expect, test } from 'vitest'
import type { Batch } from './batch.js'
import type { Commit } from './engine.js'
import { MemoryEngine } from './engines/memory.js'
import { Log } from './log.js'

/** An engine whose reads and commits wait until a test lets them. */
class HeldEngine extends MemoryEngine {
  #gates: Record<'read' | 'commit', Promise<void>> = { read: Promise.resolve(), commit: Promise.resolve() }

  /** @returns what lets them go on */
  hold(which: 'read' | 'commit'): () => void {
    let open = () => {}
    this.#gates[which] = new Promise((resolve) => {
      open = resolve
    })
    return open
  }

  override async read(channelId: number, position: number, maxBytes: number): Promise<Batch[]> {
    await this.#gates.read
    return await super.read(channelId, position, maxBytes)
  }

  override async commit(commit: Commit): Promise<void> {
    await this.#gates.commit
    await super.commit(commit)
  }
}

const plain = { contentType: 'text/plain', messages: [Buffer.from('one')] }
const forkOf = (source: string, offset?: string) => ({
  contentType: 'text/plain',
  messages: [],
  fork: { source, subOffset: 0, ...(offset !== undefined && { offset }) },
})

function subject() {
  let nowMs = Date.parse('2030-01-01T00:00:00Z')
  const engine = new HeldEngine()
  const log = new Log(engine, { now: () => nowMs })
  const pass = (seconds: number) => {
    nowMs += seconds * 1000
  }
  return { engine, log, pass }
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => 'done',
    (error: unknown) => (error as Problem).code,
  )
}

test('a source that is deleted and made again while the fork point is looked up is another one: 404', async () => {
  const { engine, log } = subject()
  await log.create('source', plain)
  const release = engine.hold('read')
  const making = codeOf(log.create('fork', forkOf('source', '-1')))
  await log.remove('source')
  await log.create('source', plain)
  release()
  expect(await making).toBe('channel-unknown')
  // No fork was counted: the new one goes at once.
  await log.remove('source')
  expect(engine.channel('source')).toBeUndefined()
})

test('a source that is deleted while the fork point is looked up has no new fork', async () => {
  const { engine, log } = subject()
  await log.create('source', plain)
  const release = engine.hold('read')
  const making = codeOf(log.create('fork', forkOf('source', '-1')))
  const removing = log.remove('source')
  release()
  expect(await making).toBe('channel-unknown')
  await removing
  expect(engine.channels(undefined, 10)).toEqual([])
})

test('a source does not end for want of use while the fork point is looked up', async () => {
  const { engine, log, pass } = subject()
  await log.create('source', { ...plain, ttlSeconds: 10 })
  pass(9)
  const release = engine.hold('read')
  const making = log.create('fork', forkOf('source', '-1'))
  pass(9)
  log.expire()
  release()
  expect((await making).isNew).toBe(true)
})

test('a source whose fixed end comes while the fork point is looked up has no new fork', async () => {
  const { engine, log, pass } = subject()
  await log.create('source', { ...plain, expiresAt: '2030-01-01T00:00:10Z' })
  const release = engine.hold('read')
  const making = codeOf(log.create('fork', forkOf('source', '-1')))
  pass(10)
  release()
  expect(await making).toBe('channel-unknown')
})

test('the name of a fork that is taken while its point is looked up stays what it was made as', async () => {
  const { engine, log } = subject()
  await log.create('source', plain)
  const release = engine.hold('read')
  const making = codeOf(log.create('fork', forkOf('source', '-1')))
  await log.create('fork', { ...plain, messages: [] })
  release()
  expect(await making).toBe('channel-exists')
  await log.remove('source')
  expect(engine.channel('source')).toBeUndefined()
})

test('a fork that is made, deleted and made again before anything is kept stands on its source once', async () => {
  const { engine, log } = subject()
  await log.create('source', plain)
  const release = engine.hold('commit')
  const making = [codeOf(log.create('fork', forkOf('source')))]
  // A fork at the tail is admitted without a look at the engine.
  await new Promise(setImmediate)
  making.push(codeOf(log.remove('fork')), codeOf(log.create('fork', forkOf('source'))))
  release()
  expect(await Promise.all(making)).toEqual(['done', 'done', 'done'])
  expect(engine.channel('source')).toMatchObject({ forkCount: 1 })
  await log.remove('source')
  await log.remove('fork')
  expect(engine.channels(undefined, 10)).toEqual([])
})

test('a fork whose source is not kept yet is a fork of a channel that is not there', async () => {
  const { engine, log } = subject()
  const release = engine.hold('commit')
  const making = log.create('source', plain)
  expect(await codeOf(log.create('fork', forkOf('source')))).toBe('channel-unknown')
  release()
  await making
  expect(await codeOf(log.create('fork', forkOf('source')))).toBe('done')
})

test('a fork inherits what is kept, not what is on its way', async () => {
  const { engine, log } = subject()
  const { channel: source } = await log.create('source', plain)
  const release = engine.hold('commit')
  const appending = log.append(source, { messages: [Buffer.from('two')] })
  const making = log.create('fork', forkOf('source'))
  release()
  await appending
  const { channel: fork } = await making
  expect(fork.nextOffset).toMatch(/_0{15}3$/)
  expect(Buffer.concat((await log.reader.read(fork, 0, 100)).map(({ payload }) => payload)).toString()).toBe(
    'one',
  )
})

test('channels with a lifetime that an earlier run left end though nobody asks for them', async () => {
  const { engine, log, pass } = subject()
  const spec = { contentType: 'text/plain', messages: [] }
  // More than one sweep looks at.
  for (let index = 0; index < 1_500; index++) {
    void log.create(`plain-${index}`, spec)
  }
  await log.create('z-fixed', { ...spec, expiresAt: '2030-01-01T00:01:00Z' })
  await log.create('z-sliding', { ...spec, ttlSeconds: 10 })
  await log.create('z-fork', forkOf('z-fixed'))
  let nowMs = Date.parse('2030-01-01T00:00:00Z')
  pass(0)
  const again = new Log(engine, { now: () => nowMs })
  again.expire()
  again.expire()
  nowMs += 10_000
  again.expire()
  await new Promise(setImmediate)
  expect(engine.channel('z-sliding')).toBeUndefined()
  expect(engine.channel('z-fixed')).toBeDefined()
  nowMs += 50_000
  again.expire()
  await new Promise(setImmediate)
  expect(engine.channel('z-fixed')).toBeUndefined()
  expect(engine.channel('z-fork')).toBeUndefined()
  expect(engine.channels('z', 10)).toEqual([])
})

test('after a commit that failed nothing ends any more, and what is kept can still be read', async () => {
  const { engine, log, pass } = subject()
  await log.create('sliding', { ...plain, ttlSeconds: 10 })
  engine.commit = () => Promise.reject(new Error('the disk is full'))
  expect(await codeOf(log.create('more', plain))).toBe('storage-unavailable')
  pass(5)
  expect(log.find('sliding').nextOffset).toMatch(/_0{15}3$/)
  pass(9)
  log.expire()
  expect(log.find('sliding').nextOffset).toMatch(/_0{15}3$/)
})
