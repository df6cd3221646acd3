import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { MemoryEngine } from '../log/engines/memory.js'
import { Log } from '../log/index.js'
import { CatchUp } from './catch-up.js'
import { Hub } from './hub.js'
import type { Sink } from './sink.js'
import { Subscriber } from './subscriber.js'
import type { WireForm } from './wire-form.js'

class CountingSink implements Sink {
  isTouched = false
  readonly isBackedUp = false
  readonly isGone = false
  readonly pieces: Uint8Array[] = []

  get hasUntaken(): boolean {
    return false
  }

  push(piece: Uint8Array): void {
    this.pieces.push(piece)
  }

  flush(): void {}

  async drained(): Promise<void> {}

  async taken(): Promise<void> {}
}

function countingForm() {
  let count = 0
  const form: WireForm = {
    encode: (batches) => {
      count++
      return Buffer.concat(batches.map(({ payload }) => payload))
    },
    atTail: () => undefined,
  }
  return { form, count: () => count }
}

/** Takes a few pieces, and no more until it is asked again in a later turn. */
class SlowSink extends CountingSink implements Sink {
  readonly #piecesAtOnce: number

  constructor(piecesAtOnce: number) {
    super()
    this.#piecesAtOnce = piecesAtOnce
  }

  override get hasUntaken(): boolean {
    return this.#untaken >= this.#piecesAtOnce
  }

  #untaken = 0

  override push(piece: Uint8Array): void {
    super.push(piece)
    this.#untaken++
  }

  override async taken(): Promise<void> {
    await nextTurn()
    this.#untaken = 0
  }
}

/** A channel of fifty pages of history, in commits of 20 kB. */
async function logWithHistory() {
  const log = new Log(new MemoryEngine())
  const { channel } = await log.create('long', { contentType: 'text/plain', messages: [] })
  for (let commit = 0; commit < 50; commit++) {
    await log.append(channel, { messages: [Buffer.alloc(20_000, 97 + (commit % 26))] })
  }
  return { log, channel, hub: new Hub(log) }
}

test.each([
  { readers: 'readers', sinkOf: () => new CountingSink() },
  {
    readers: 'readers that take little at a time, each as it can,',
    sinkOf: (index: number) => new SlowSink(1 + (index % 7)),
  },
])('$readers that replay the same history share what it looks like on the wire', async ({ sinkOf }) => {
  const { log, channel, hub } = await logWithHistory()
  const { form, count } = countingForm()
  const sinks = Array.from({ length: 200 }, (_, index) => sinkOf(index))
  const replaying = sinks.map((sink) => {
    const subscriber = new Subscriber({
      log,
      hub,
      channel,
      position: 0,
      sink,
      form,
      owner: { pushed: () => {}, ended: () => {} },
    })
    subscriber.start()
    return subscriber.reached(channel.keptTail)
  })
  await Promise.all(replaying)
  const [first, ...others] = sinks.map(({ pieces }) => Buffer.concat(pieces))
  expect(first?.byteLength).toBe(50 * 20_000)
  for (const other of others) expect(other.equals(first as Buffer)).toBe(true)
  // The last page reaches the tail, says so, and is not shared.
  expect(count()).toBeLessThanOrEqual(200 + 49)
})

test('while many readers replay, the loop turns, and who is at the tail hears what comes', async () => {
  const { log, channel, hub } = await logWithHistory()
  const { form } = countingForm()
  let isReplaying = true
  const slowForm: WireForm = {
    encode(batches, context) {
      const untilMs = performance.now() + 0.5
      while (performance.now() < untilMs);
      return form.encode(batches, context)
    },
    atTail: () => undefined,
  }
  const replaying = Array.from({ length: 100 }, () => {
    const subscriber = new Subscriber({
      log,
      hub,
      channel,
      position: 0,
      sink: new CountingSink(),
      // Of its own, so that each takes its time.
      form: { ...slowForm },
      owner: { pushed: () => {}, ended: () => {} },
    })
    subscriber.start()
    return subscriber.reached(channel.keptTail)
  })
  void Promise.all(replaying).then(() => {
    isReplaying = false
  })
  let turns = 0
  while (isReplaying) {
    await nextTurn()
    turns++
  }
  // Fifty pages, a hundred readers, one of them to a turn.
  expect(turns).toBeGreaterThan(1_000)
})

test('work that fails is told to who asked for it, and the next is done', async () => {
  const catchUp = new CatchUp()
  const failing = catchUp.take(() => Promise.reject(new Error('no')))
  const next = catchUp.take(async () => {})
  await expect(failing).rejects.toThrow('no')
  await next
})
