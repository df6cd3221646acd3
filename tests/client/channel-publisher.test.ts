import { expect, onTestFinished, test } from 'vitest'
import type { PublishQueue, QueuedAppend } from '../../packages/client/src/publishing/queue.js'
import { PublisherDesk } from './support/publisher-desk.js'

/** Failures that nobody looked at, since the test began. */
function unhandled(): unknown[] {
  const seen: unknown[] = []
  const see = (error: unknown) => seen.push(error)
  process.on('unhandledRejection', see)
  onTestFinished(() => {
    process.off('unhandledRejection', see)
  })
  return seen
}

test('what a socket took with it goes by POST, one at a time, with the same messages under the same numbers', async () => {
  const desk = new PublisherDesk()
  const early = [1, 2].map((message) => desk.publisher.publish([message]))
  desk.socketUp()
  await desk.nth(0)
  const late = desk.publisher.publish([3])
  await desk.nth(1)
  desk.publisher.socketDown()
  const four = desk.publisher.publish([4])
  expect(desk.sent).toMatchObject([
    { over: 'socket', seq: 0, messages: [1, 2] },
    { over: 'socket', seq: 1, messages: [3] },
    { over: 'post', seq: 0, messages: [1, 2] },
  ])
  ;(await desk.nth(2)).keep('a', true)
  expect(await Promise.all(early)).toMatchObject([{ nextOffset: 'a', duplicate: true }, { nextOffset: 'a' }])
  ;(await desk.nth(3)).keep('b')
  await late
  ;(await desk.nth(4)).keep('c')
  await four
  expect(desk.sent.slice(3)).toMatchObject([
    { over: 'post', seq: 1, messages: [3] },
    { over: 'post', seq: 2, messages: [4] },
  ])
})

test('a POST that is under way when a socket comes is given up, and its append goes over the socket', async () => {
  const desk = new PublisherDesk()
  const first = desk.publisher.publish([1])
  const posted = await desk.nth(0)
  const second = desk.publisher.publish([2])
  desk.socketUp()
  expect(posted.signal?.aborted).toBe(true)
  expect(desk.sent.slice(1)).toMatchObject([
    { over: 'socket', seq: 0, messages: [1] },
    { over: 'socket', seq: 1, messages: [2] },
  ])
  // Its end, whatever it is, says nothing any more.
  posted.refuse('message-invalid', 400)
  ;(await desk.nth(1)).keep('a', true)
  ;(await desk.nth(2)).keep('b')
  expect(await Promise.all([first, second])).toMatchObject([{ duplicate: true }, { nextOffset: 'b' }])
})

test('an answer of a socket that was lost says nothing about what was sent again', async () => {
  const desk = new PublisherDesk()
  desk.socketUp()
  const first = desk.publisher.publish([1])
  const before = await desk.nth(0)
  desk.publisher.socketDown()
  before.refuse('message-invalid', 400)
  ;(await desk.nth(1)).keep('a')
  expect(await first).toMatchObject({ nextOffset: 'a' })
})

test('an envelope that answers none of its own is not its, even while all wait to be sent again', async () => {
  const desk = new PublisherDesk()
  const first = desk.publisher.publish([1])
  ;(await desk.nth(0)).lose()
  await desk.clock.waiting(250)
  const refusal = { type: 'error', code: 'message-invalid', status: 400, detail: 'Of another.' }
  expect(desk.publisher.answered(refusal)).toBe(false)
  expect(desk.publisher.answered({ ...refusal, id: 1 })).toBe(false)
  desk.clock.advance(250)
  ;(await desk.nth(1)).keep('a')
  expect(await first).toMatchObject({ nextOffset: 'a' })
})

test('of a group that is refused each goes by itself, also over another sender; who stays moves up', async () => {
  const desk = new PublisherDesk()
  const published = ['one', 'bad', 'three'].map((message) => desk.publisher.publish([message]))
  desk.socketUp()
  const behind = desk.publisher.publish(['four'])
  ;(await desk.nth(0)).refuse('message-invalid', 400)
  ;(await desk.nth(1)).refuse('producer-gap', 409)
  desk.publisher.socketDown()
  ;(await desk.nth(6)).keep('a')
  ;(await desk.nth(7)).refuse('message-invalid', 400)
  ;(await desk.nth(8)).keep('b')
  ;(await desk.nth(9)).keep('c')
  expect(await Promise.allSettled([...published, behind])).toMatchObject([
    { value: { nextOffset: 'a' } },
    { reason: { code: 'message-invalid' } },
    { value: { nextOffset: 'b' } },
    { value: { nextOffset: 'c' } },
  ])
  expect(desk.sent.slice(6)).toMatchObject([
    { over: 'post', seq: 0, messages: ['one'] },
    { over: 'post', seq: 1, messages: ['bad'] },
    { over: 'post', seq: 1, messages: ['three'] },
    { over: 'post', seq: 2, messages: ['four'] },
  ])
})

test('a refusal waits for the answers of those before it', async () => {
  const desk = new PublisherDesk()
  desk.socketUp()
  const published = [1, 2, 3].map((message) => desk.publisher.publish([message]))
  const [one, two, three] = [await desk.nth(0), await desk.nth(1), await desk.nth(2)]
  two.refuse('message-invalid', 400)
  three.refuse('producer-gap', 409)
  expect(desk.sent).toHaveLength(3)
  one.keep('a')
  const again = await desk.nth(3)
  expect(again).toMatchObject({ seq: 1, messages: [3] })
  again.keep('b')
  expect(await Promise.allSettled(published)).toMatchObject([
    { status: 'fulfilled' },
    { status: 'rejected' },
    { status: 'fulfilled' },
  ])
})

test('a token that a socket no longer takes is renewed by a POST; a POST that is not let in is a refusal', async () => {
  const desk = new PublisherDesk()
  desk.socketUp()
  const first = desk.publisher.publish([1])
  ;(await desk.nth(0)).refuse('token-expired', 401)
  const posted = await desk.nth(1)
  expect(posted).toMatchObject({ over: 'post', seq: 0 })
  posted.refuse('token-expired', 401)
  await expect(first).rejects.toMatchObject({ code: 'token-expired' })
  const second = desk.publisher.publish([2])
  ;(await desk.nth(2)).keep('a')
  expect(await second).toMatchObject({ nextOffset: 'a' })
})

test('a wait that the server has asked for is not cut short by another sender, and what it sends is all of it', async () => {
  const desk = new PublisherDesk()
  const first = desk.publisher.publish([1])
  ;(await desk.nth(0)).refuse('server-busy', 503, { retryAfterSeconds: 2 })
  await desk.clock.waiting(2000)
  desk.socketUp()
  const second = desk.publisher.publish([2])
  expect(desk.sent).toHaveLength(1)
  desk.clock.advance(2000)
  ;(await desk.nth(1)).keep('a')
  ;(await desk.nth(2)).keep('b')
  await Promise.all([first, second])
  expect(desk.sent.slice(1)).toMatchObject([
    { over: 'socket', seq: 0 },
    { over: 'socket', seq: 1 },
  ])
})

test('a wait after a failure of the network is over when a socket comes, or when the network is back', async () => {
  const desk = new PublisherDesk()
  const first = desk.publisher.publish([1])
  ;(await desk.nth(0)).lose()
  await desk.clock.waiting(250)
  desk.socketUp()
  const again = await desk.nth(1)
  expect(again).toMatchObject({ over: 'socket', seq: 0 })
  desk.publisher.socketDown()
  ;(await desk.nth(2)).lose()
  await desk.clock.waiting(500)
  desk.publisher.wake()
  expect(await desk.nth(3)).toMatchObject({ over: 'post', seq: 0 })
  // The waits that were cut short do nothing more.
  desk.clock.advance(1000)
  ;(await desk.nth(3)).lose()
  await desk.clock.waiting(1000)
  void desk.publisher.publish([2])
  await new Promise((resolve) => setImmediate(resolve))
  expect(desk.sent).toHaveLength(4)
  desk.clock.advance(1000)
  ;(await desk.nth(4)).keep('a')
  expect(await first).toMatchObject({ nextOffset: 'a' })
})

test('over a socket sixty-four are under way; what waits meanwhile goes together', async () => {
  const desk = new PublisherDesk()
  desk.socketUp()
  const published = Array.from({ length: 100 }, (_, index) => desk.publisher.publish([index]))
  expect(desk.sent).toHaveLength(64)
  ;(await desk.nth(0)).keep('a')
  expect(desk.sent).toHaveLength(65)
  expect(desk.sent[64]?.messages).toEqual(Array.from({ length: 36 }, (_, index) => 64 + index))
  for (const [index, sent] of desk.sent.slice(1).entries()) sent.keep(String(index))
  await Promise.all(published)
})

test('it takes no more than its bound, at once, until something is acknowledged', async () => {
  const desk = new PublisherDesk({ maxQueuedLength: 10 })
  const first = desk.publisher.publish(['12345678'])
  await expect(desk.publisher.publish(['x'])).rejects.toMatchObject({ code: 'queue-full' })
  ;(await desk.nth(0)).keep('a')
  await first
  const second = desk.publisher.publish(['x'])
  ;(await desk.nth(1)).keep('b')
  expect(await second).toMatchObject({ nextOffset: 'b' })
})

test('stopping rejects all that is not acknowledged, and nobody who looks away is punished', async () => {
  const seen = unhandled()
  const desk = new PublisherDesk()
  for (const message of [1, 2]) void desk.publisher.publish([message])
  desk.socketUp()
  void desk.publisher.publish([3])
  desk.publisher.socketDown()
  const posted = await desk.nth(2)
  const last = desk.publisher.publish([4])
  desk.publisher.stop()
  posted.lose()
  void desk.publisher.publish([5])
  void desk.publisher.publish([undefined])
  await expect(last).rejects.toMatchObject({ code: 'publisher-stopped' })
  expect(desk.publisher.over.aborted).toBe(true)
  await new Promise((resolve) => setImmediate(resolve))
  expect(seen).toEqual([])
})

class MemoryQueue implements PublishQueue {
  readonly kept = new Map<number, QueuedAppend>()
  readonly failures: unknown[] = []
  async load() {
    return [...this.kept.values()].sort((one, other) => one.order - other.order)
  }
  /** Each put is as slow as what it waits for. */
  isReady: Promise<void> = Promise.resolve()
  async put(_channel: string, appends: readonly QueuedAppend[]) {
    await this.isReady
    for (const append of appends) this.kept.set(append.order, structuredClone(append))
  }
  settled(_channel: string, order: number, error?: unknown) {
    this.kept.delete(order)
    if (error !== undefined) this.failures.push(error)
  }
}

test('a queue has each append with its number before it is sent, and until it is settled', async () => {
  const queue = new MemoryQueue()
  const desk = new PublisherDesk({}, { queue })
  let isWritten = () => {}
  queue.isReady = new Promise((resolve) => {
    isWritten = resolve
  })
  const published = [1, 2, 3].map((message) => desk.publisher.publish([message]))
  await new Promise((resolve) => setImmediate(resolve))
  desk.socketUp()
  expect(desk.sent).toEqual([])
  isWritten()
  await desk.nth(2)
  expect([...queue.kept.values()]).toEqual(
    [1, 2, 3].map((message, seq) => {
      return {
        order: message,
        messages: [String(message)],
        close: false,
        producer: { id: 'p', epoch: 0, seq },
      }
    }),
  )
  ;(await desk.nth(0)).keep('a')
  ;(await desk.nth(1)).refuse('message-invalid', 400)
  ;(await desk.nth(2)).refuse('producer-gap', 409)
  const again = await desk.nth(3)
  expect(again).toMatchObject({ seq: 1, messages: [3] })
  expect([...queue.kept.values()]).toMatchObject([{ order: 3, producer: { seq: 1 } }])
  again.keep('b')
  await Promise.allSettled(published)
  expect(queue.kept.size).toBe(0)
  expect(queue.failures).toMatchObject([{ code: 'message-invalid' }])
})

test('the next program sends what a queue has kept, before its own, under the numbers of the last one', async () => {
  const queue = new MemoryQueue()
  const last = new PublisherDesk({ epoch: 4 }, { queue })
  for (const message of [1, 2]) void last.publisher.publish([message])
  await last.nth(0)
  last.publisher.stop()
  expect(queue.kept.size).toBe(2)

  const next = new PublisherDesk({ producerId: 'other' }, { queue })
  const own = next.publisher.publish([3])
  ;(await next.nth(0)).keep('a', true)
  ;(await next.nth(1)).keep('b')
  ;(await next.nth(2)).keep('c')
  expect(await own).toMatchObject({ nextOffset: 'c' })
  expect(next.sent).toMatchObject([
    { seq: 0, epoch: 4, messages: [1] },
    { seq: 1, epoch: 4, messages: [2] },
    { seq: 2, epoch: 4, messages: [3] },
  ])
  expect(queue.kept.size).toBe(0)
})

test('numbers that moved up while the last program ended are found again, once', async () => {
  const queue = new MemoryQueue()
  const producer = { id: 'p', epoch: 0, seq: 7 }
  await queue.put('cake', [{ order: 3, messages: ['1'], close: false, producer }])
  const desk = new PublisherDesk({}, { queue })
  ;(await desk.nth(0)).refuse('producer-gap', 409, { expectedSeq: 6 })
  const again = await desk.nth(1)
  expect(again).toMatchObject({ seq: 6, messages: [1] })
  again.refuse('producer-gap', 409, { expectedSeq: 5 })
  await expect(desk.publisher.publish([2])).rejects.toMatchObject({ code: 'producer-gap' })
})
