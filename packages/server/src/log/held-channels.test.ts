import { expect, test } from 'vitest'
import { Hub, type Listener, type Sink, Subscriber } from '../hub/index.js'
import { MemoryEngine } from './engines/memory.js'
import { Log } from './log.js'

const json = { contentType: 'application/json' }
const message = Buffer.from('1')

/** A log that holds few channels, and what makes it look for idle ones again and again. */
function crowdedLog() {
  const engine = new MemoryEngine()
  const log = new Log(engine, { maxHeldChannels: 4 })
  let count = 0
  const crowd = async () => {
    for (let more = 0; more < 20; more++) await log.create(`other-${count++}`, { ...json, messages: [] })
  }
  const create = async (lifetime: { ttlSeconds?: number } = {}) =>
    (await log.create('cake', { ...json, ...lifetime, messages: [] })).channel
  return { engine, log, crowd, create }
}

test('an idle channel is let go of, and found again as it was', async () => {
  const { log, crowd, create } = crowdedLog()
  const channel = await create()
  const { nextOffset } = await log.append(channel, { messages: [message] })
  await crowd()
  const again = log.find('cake')
  expect(again).not.toBe(channel)
  expect(again.nextOffset).toBe(nextOffset)
})

test('a channel with a listener at its tail stays, and the listener hears', async () => {
  const { log, crowd, create } = crowdedLog()
  const hub = new Hub(log)
  const channel = await create()
  const heard: number[] = []
  const listener: Listener = {
    position: 0,
    hear: (delivery) => heard.push(...delivery.batches.map(({ end }) => end)),
    removed: () => {},
  }
  hub.join(channel, listener)
  await crowd()
  await log.append(log.findToAppend('cake'), { messages: [message] })
  expect(heard).toEqual([1])
  hub.leave(channel, listener)
  await crowd()
  expect(log.find('cake')).not.toBe(channel)
})

test('a channel whose reader waits for a sink that is backed up stays', async () => {
  const { log, crowd, create } = crowdedLog()
  const channel = await create()
  const subscriber = new Subscriber({
    log,
    hub: new Hub(log),
    channel,
    position: 0,
    sink: backedUpSink,
    form: { encode: () => message, atTail: () => undefined },
    owner: { pushed: () => {}, ended: () => {} },
  })
  subscriber.start()
  await crowd()
  expect(log.find('cake')).toBe(channel)
  subscriber.stop()
  await crowd()
  expect(log.find('cake')).not.toBe(channel)
})

test('a channel with an append under way stays', async () => {
  const { log, crowd, create, engine } = crowdedLog()
  const channel = await create()
  await crowd()
  const held = log.find('cake')
  let goOn = () => {}
  const standing = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const commit = engine.commit.bind(engine)
  engine.commit = async (what) => {
    await standing
    await commit(what)
  }
  const producer = { id: 'p', epoch: 0, seq: 0 }
  const first = log.append(held, { messages: [message], producer })
  for (let count = 0; count < 20; count++) log.list(undefined, 1_000)
  expect(log.find('cake')).toBe(held)
  const again = log.append(log.findToAppend('cake'), { messages: [message], producer })
  goOn()
  expect([(await first).isDuplicate, (await again).isDuplicate]).toEqual([false, true])
  expect(held).not.toBe(channel)
})

test('a channel with a time to live stays, since nobody else knows when it was used', async () => {
  const { log, crowd, create } = crowdedLog()
  const channel = await create({ ttlSeconds: 60 })
  await crowd()
  expect(log.find('cake')).toBe(channel)
})

const backedUpSink: Sink = {
  push: () => {},
  flush: () => {},
  isBackedUp: true,
  hasUntaken: true,
  drained: () => new Promise(() => {}),
  taken: () => new Promise(() => {}),
  isGone: false,
  isTouched: false,
}
