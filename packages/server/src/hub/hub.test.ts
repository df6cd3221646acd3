import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { randomOf, seedOfRun } from '../../../../tests/support/random.js'
import { MemoryEngine } from '../log/engines/memory.js'
import { type Channel, Log } from '../log/index.js'
import { Hub } from './hub.js'
import type { Sink } from './sink.js'
import { Subscriber } from './subscriber.js'
import type { WireForm } from './wire-form.js'

/** Takes everything; what it is given says positions: each batch as `start-end`, and a state. */
class RecordingSink implements Sink {
  isTouched = false
  readonly said: string[] = []
  readonly isBackedUp = false
  readonly hasUntaken = false
  readonly isGone = false
  flushes = 0
  #pushed: string[] = []

  push(bytes: Uint8Array): void {
    this.#pushed.push(...Buffer.from(bytes).toString().split(' ').filter(Boolean))
  }

  flush(): void {
    if (this.#pushed.length === 0) return
    this.flushes++
    this.said.push(...this.#pushed.splice(0))
  }

  async drained(): Promise<void> {}

  async taken(): Promise<void> {}
}

const positionsForm: WireForm = {
  encode: (batches, { isClosed }) =>
    Buffer.from(
      [...batches.map(({ start, end }) => `${start}-${end}`), ...(isClosed ? ['closed'] : [])].join(' '),
    ),
  atTail: () => undefined,
}

async function logWithHub() {
  const log = new Log(new MemoryEngine())
  const hub = new Hub(log)
  const create = async (name: string) =>
    (await log.create(name, { contentType: 'application/json', messages: [] })).channel
  const append = (channel: Channel) => log.append(channel, { messages: [Buffer.from('1')] })
  const listen = (channel: Channel) => {
    const sink = new RecordingSink()
    let end: string | undefined
    const subscriber = new Subscriber({
      log,
      hub,
      channel,
      position: channel.keptTail,
      sink,
      form: positionsForm,
      owner: {
        pushed: () => {},
        ended: ({ why }) => {
          end = why
        },
      },
    })
    const start = channel.keptTail
    subscriber.start()
    return { sink, subscriber, start, end: () => end }
  }
  return { log, hub, create, append, listen }
}

test('a flush over more sockets than a turn writes to leaves turns to other channels', async () => {
  const { hub, create, append, listen } = await logWithHub()
  const [crowded, quiet] = [await create('crowded'), await create('quiet')]
  const crowd = Array.from({ length: 8_500 }, () => listen(crowded).sink)
  const alone = listen(quiet).sink
  await append(crowded)
  const heardAtOnce = crowd.filter(({ flushes }) => flushes > 0).length
  expect(heardAtOnce).toBeGreaterThan(0)
  expect(heardAtOnce).toBeLessThan(crowd.length)
  await append(quiet)
  for (let turn = 0; turn < 3 && alone.flushes === 0; turn++) await nextTurn()
  expect(alone.said).toEqual(['0-1'])
  expect(crowd.some(({ flushes }) => flushes === 0)).toBe(true)
  await hub.idle()
  for (const { said } of crowd) expect(said).toEqual(['0-1'])
})

test('what is kept while a flush goes on is heard together, in one write for each socket', async () => {
  const { hub, create, append, listen } = await logWithHub()
  const channel = await create('crowded')
  const crowd = Array.from({ length: 8_500 }, () => listen(channel).sink)
  await append(channel)
  // Each is a commit of its own; the flush of the first takes nine turns.
  await append(channel)
  await append(channel)
  await hub.idle()
  for (const { said } of crowd) expect(said).toEqual(['0-1', '1-2', '2-3'])
  expect(crowd.some(({ flushes }) => flushes === 3)).toBe(false)
})

test('whoever joins and leaves while flushes go on hears everything from there once, in order', async () => {
  const seed = seedOfRun()
  const random = randomOf(seed)
  const { log, hub, create, append, listen } = await logWithHub()
  const channel = await create('crowded')
  const readers = Array.from({ length: 5_000 }, () => listen(channel))
  const left = new Map<(typeof readers)[number], number>()
  for (let round = 0; round < 60; round++) {
    for (let more = Math.floor(random() * 4); more > 0; more--) void append(channel)
    for (let more = Math.floor(random() * 40); more > 0; more--) readers.push(listen(channel))
    for (let fewer = Math.floor(random() * 20); fewer > 0; fewer--) {
      const reader = readers[Math.floor(random() * readers.length)] as (typeof readers)[number]
      reader.subscriber.stop()
      left.set(reader, reader.subscriber.position)
    }
    await nextTurn()
  }
  await log.append(channel, { messages: [], close: true })
  await hub.idle()
  const tail = channel.keptTail
  expect(tail).toBeGreaterThan(30)
  const wrong = readers.filter((reader) => {
    const { sink, start, end } = reader
    const isGapless = sink.said.every((word, index) => {
      const before = sink.said[index - 1]
      return word === 'closed' || word.startsWith(`${before ? before.split('-')[1] : start}-`)
    })
    const heardUpTo =
      sink.said
        .filter((word) => word !== 'closed')
        .at(-1)
        ?.split('-')[1] ?? start
    return !isGapless || (!left.has(reader) && (Number(heardUpTo) !== tail || end() !== 'closed'))
  })
  expect(wrong.length, `seed ${seed}`).toBe(0)
})

test('a channel that is removed while its last messages wait lets them be heard first', async () => {
  const { log, hub, create, append, listen } = await logWithHub()
  const channel = await create('crowded')
  const crowd = Array.from({ length: 2_500 }, () => listen(channel))
  await append(channel)
  await append(channel)
  await log.remove('crowded')
  await hub.idle()
  for (const { sink, end } of crowd) {
    expect(sink.said).toEqual(['0-1', '1-2'])
    expect(end()).toBe('removed')
  }
})

test('a channel that is removed ends its thousands of readers in several turns', async () => {
  const { log, hub, create, listen } = await logWithHub()
  const channel = await create('crowded')
  const crowd = Array.from({ length: 2_500 }, () => listen(channel))
  await log.remove('crowded')
  const endedAtOnce = crowd.filter(({ end }) => end() === 'removed').length
  expect(endedAtOnce).toBeGreaterThan(0)
  expect(endedAtOnce).toBeLessThan(crowd.length)
  await hub.idle()
  expect(crowd.every(({ end }) => end() === 'removed')).toBe(true)
})

test('what one commit brought is heard in pieces of a bounded length, a write each, and its end with the last of them', async () => {
  const { log, hub, create } = await logWithHub()
  const channel = await create('large')
  const encoded: { bytes: number; isClosed: boolean }[] = []
  const form: WireForm = {
    encode(batches, { isClosed }) {
      encoded.push({ bytes: batches.reduce((sum, { heldBytes }) => sum + heldBytes, 0), isClosed })
      return Buffer.from(batches.map(({ start, end }) => `${start}-${end} `).join(''))
    },
    atTail: () => undefined,
  }
  const sink = new RecordingSink()
  const common = { log, hub, channel, position: 0, sink, form }
  const ended = new Promise((resolve) => {
    const owner = { pushed: () => {}, ended: resolve }
    new Subscriber({ ...common, owner }).start()
  })
  const message = Buffer.from(`"${'x'.repeat(64 * 1024)}"`)
  const appends = Array.from({ length: 20 }, (_, index) =>
    log.append(channel, { messages: [message], close: index === 19 }),
  )
  await Promise.all(appends)
  expect(await ended).toEqual({ why: 'closed' })
  await hub.idle()
  expect(Math.max(...encoded.map(({ bytes }) => bytes))).toBeLessThanOrEqual(256 * 1024)
  expect(encoded.map(({ isClosed }) => isClosed).filter(Boolean)).toEqual([true])
  expect(encoded.at(-1)?.isClosed).toBe(true)
  expect(sink.said).toEqual(Array.from({ length: 20 }, (_, index) => `${index}-${index + 1}`))
  // More than one in a write would be copied together, for each socket that hears it.
  expect(sink.flushes).toBe(encoded.length)
  expect(encoded.length).toBeGreaterThan(4)
})

/** A connection with a mark of 64 KiB, whose other end takes all that is flushed, or does not read at all. */
class MarkedSink implements Sink {
  isTouched = false
  readonly #takes: boolean
  unsentBytes = 0
  readonly isGone = false

  constructor(options: { takes: boolean }) {
    this.#takes = options.takes
  }

  get isBackedUp(): boolean {
    return this.unsentBytes > 64 * 1024
  }

  get hasUntaken(): boolean {
    return this.unsentBytes > 0
  }

  push(bytes: Uint8Array): void {
    this.unsentBytes += bytes.byteLength
  }

  flush(): void {
    if (this.#takes) this.unsentBytes = 0
  }

  drained(): Promise<void> {
    return new Promise(() => {})
  }

  taken(): Promise<void> {
    return new Promise(() => {})
  }
}

/** Reads two thousand small batches, each of which is encoded as 2 KiB. */
async function readLargeEvents(sink: Sink) {
  const { log, hub, create, append } = await logWithHub()
  const channel = await create('small')
  for (let count = 0; count < 2_000; count++) await append(channel)
  const eventBytes = 2 * 1024
  const subscriber = new Subscriber({
    log,
    hub,
    channel,
    position: 0,
    sink,
    form: { encode: (batches) => Buffer.alloc(batches.length * eventBytes), atTail: () => undefined },
    owner: { pushed: () => {}, ended: () => {} },
  })
  const reads = vi.spyOn(log.reader, 'read')
  subscriber.start()
  return { subscriber, reads }
}

test('a reader that stops is given no more than one read brings', async () => {
  const sink = new MarkedSink({ takes: false })
  const { subscriber } = await readLargeEvents(sink)
  await subscriber.reached(33)
  for (let turn = 0; turn < 10; turn++) await nextTurn()
  // What one read brings, as it is encoded: all that there is would be four MiB.
  expect(sink.unsentBytes).toBeLessThan(512 * 1024)
  expect(subscriber.position).toBeLessThan(250)
})

test('a reader that is quick reads nothing twice', async () => {
  const { subscriber, reads } = await readLargeEvents(new MarkedSink({ takes: true }))
  await subscriber.reached(2_000)
  const positions = reads.mock.calls.map(([, position]) => position)
  expect(positions).toEqual([...new Set(positions)])
  expect(positions.length).toBeLessThan(20)
})
