import { Problem } from '@tidings/protocol'
import { expect, test } from 'vitest'
import { type Delivery, Hub, type Sink, Subscriber, Turns } from '../../hub/index.js'
import { MemoryEngine } from '../../log/engines/memory.js'
import { Log } from '../../log/log.js'
import type { Exchange } from '../exchange.js'
import type { Station } from '../transport.js'
import { gather } from './gathering.js'
import { eventParts, type Part } from './part-forms.js'
import type { Place } from './places.js'

const json = { contentType: 'application/json', messages: [] }
const small = { messages: [Buffer.from('1')] }

function openLog() {
  const log = new Log(new MemoryEngine())
  return { log, hub: new Hub(log) }
}

const exchange = {
  problemOf: (error: unknown) => error as Problem,
} as unknown as Exchange

test('an answer of many commits of one small message is bounded by what goes over the wire', async () => {
  const { log } = openLog()
  const { channel } = await log.create('cake', json)
  for (let count = 0; count < 12_000; count++) await log.append(channel, small)
  const place: Place = { kind: 'place', channel, position: 0, start: { at: 'beginning' } }
  const { envelopes, payloadBytes } = await gather({ log } as Station, exchange, [place], false)
  const bytes = envelopes.reduce((sum, { byteLength }) => sum + byteLength, 0)
  expect(bytes).toBeGreaterThan(900_000)
  expect(bytes).toBeLessThan(1.1 * 1024 * 1024)
  expect(payloadBytes).toBe(envelopes.length)
})

/** Keeps what it is given. */
class Heap implements Sink<readonly Part[]> {
  isTouched = false
  readonly parts: Part[] = []
  isBackedUp = false
  readonly hasUntaken = false
  readonly isGone = false

  push(parts: readonly Part[]): void {
    this.parts.push(...parts)
  }

  flush(): void {}

  async drained(): Promise<void> {}

  async taken(): Promise<void> {}
}

test.each([
  ['', eventParts.plain],
  [' with offsets', eventParts.withOffsets],
])('a batch%s is encoded once, however many hear its channel beside others', async (_, form) => {
  const { log, hub } = openLog()
  const { channel } = await log.create('cake', json)
  const sinks = Array.from({ length: 3 }, () => new Heap())
  for (const sink of sinks) {
    const subscriber = new Subscriber({
      log,
      hub,
      channel,
      position: 0,
      sink,
      form,
      turns: new Turns(),
      owner: { pushed: () => {}, ended: () => {} },
    })
    subscriber.start()
  }
  const deliveries: Delivery[] = []
  hub.join(channel, { position: 0, hear: (delivery) => deliveries.push(delivery), removed: () => {} })
  while (hub.listenerCount < 4) await new Promise((resolve) => setImmediate(resolve))
  await log.append(channel, small)
  const [first, second, third] = sinks.map(({ parts }) => parts.at(-1)?.bytes)
  expect(String(first)).toContain('"messages":[1]')
  expect(second).toBe(first)
  expect(third).toBe(first)
  expect(deliveries).toHaveLength(1)
})

test('readers of one connection read from the log one at a time, in turn', async () => {
  const turns = new Turns()
  const order: string[] = []
  const work = (name: string) => async () => {
    order.push(`${name} begins`)
    await new Promise((resolve) => setImmediate(resolve))
    order.push(`${name} ends`)
    if (name === 'b') throw new Problem('offset-gone', 'of its own')
    return name
  }
  const all = await Promise.allSettled(['a', 'b', 'c'].map((name) => turns.take(work(name))))
  expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})
