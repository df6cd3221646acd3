import type { LabNotice, LabRequest, LineFaults, Workload } from '@tidings/protocol'
import { startServer } from 'tidings'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { Browser } from '../lanes/index.js'
import { Hopper } from './hopper.js'
import { NaiveSocket } from './naive-socket.js'

const noReaders = { 'short-poll': 0, 'long-poll': 0, sse: 0, websocket: 0 }
const workload: Workload = { messagesPerSecond: 100, burst: 1, messageBytes: 80, readers: noReaders }
const faults: LineFaults = { delayMs: 0, buffers: false, upgrades: 'pass' }
const soon = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 20 })

/** A run of a real server, with its faulty line, and the two readers on it. */
async function openRun() {
  const server = await startServer({ engine: 'memory', port: 0 })
  onTestFinished(() => server.close())
  const feed = new WebSocket(`${server.url.replace('http', 'ws')}/lab/run`)
  onTestFinished(() => feed.close())
  const run = await new Promise<LabNotice & { type: 'run' }>((resolve, reject) => {
    feed.once('error', reject)
    feed.on('message', (data) => {
      const notice = JSON.parse(String(data)) as LabNotice
      if (notice.type === 'run') resolve(notice)
    })
  })
  const ask = (request: LabRequest) => feed.send(JSON.stringify(request))
  const browser = {
    fetch,
    WebSocket,
    origin: server.url,
    now: () => performance.timeOrigin + performance.now(),
    random: Math.random,
  } as unknown as Browser
  let changes = 0
  const options = {
    browser,
    line: run.line,
    channel: run.channel,
    onChange: () => {
      changes += 1
    },
  }
  const openHopper = () => {
    const hopper = new Hopper({ ...options, way: 'sse', offset: '-1' })
    onTestFinished(() => hopper.stop())
    return hopper
  }
  const openNaive = () => {
    const naive = new NaiveSocket(options)
    onTestFinished(() => naive.stop())
    return naive
  }
  return { server, ask, openHopper, openNaive, changes: () => changes }
}

const whole = { lost: 0, twice: 0, outOfOrder: 0 }

test('the hopper goes through all ways at a call, and hears every message once, in order', async () => {
  const { ask, openHopper, changes } = await openRun()
  const hopper = openHopper()
  ask({ type: 'workload', workload })
  for (const way of ['long-poll', 'websocket', 'short-poll', 'sse', 'websocket'] as const) {
    const { heard } = hopper.state
    hopper.hopTo(way)
    hopper.hopTo(way)
    await soon(() => expect(hopper.state.heard).toBeGreaterThan(heard + 10))
    expect(hopper.state).toMatchObject({ ...whole, way, doing: 'hearing' })
  }
  expect(hopper.state.hops).toBe(5)
  expect(hopper.state.offset).toMatch(/^\d{16}_\d{16}$/)
  expect(changes()).toBeGreaterThan(10)
})

test('hops at random under cuts, delays and refused upgrades lose nothing, while the naive socket loses', async () => {
  const { ask, openHopper, openNaive } = await openRun()
  const hopper = openHopper()
  const naive = openNaive()
  ask({ type: 'workload', workload })
  await soon(() => expect(naive.state.heard).toBeGreaterThan(0))
  hopper.hopAtRandom(true)
  expect(hopper.state.isHoppingAtRandom).toBe(true)
  for (const bad of [
    faults,
    { ...faults, delayMs: 30 },
    { ...faults, upgrades: 'refuse' as const },
    faults,
  ]) {
    ask({ type: 'faults', faults: bad })
    const { hops } = hopper.state
    await soon(() => expect(hopper.state.hops).toBeGreaterThan(hops + 1))
    ask({ type: 'cut' })
  }
  ask({ type: 'offline', forMs: 500 })
  await soon(() => expect(naive.state.lost).toBeGreaterThan(0))
  hopper.hopAtRandom(false)
  hopper.hopTo(hopper.state.way === 'websocket' ? 'long-poll' : 'websocket')
  const { heard } = hopper.state
  await soon(() => expect(hopper.state.heard).toBeGreaterThan(heard + 100))
  expect(hopper.state).toMatchObject(whole)
  expect(naive.state).toMatchObject({ twice: 0, outOfOrder: 0 })
  expect(naive.state.connects).toBeGreaterThan(1)
})

test('an upgrade that is never answered holds the hopper up, and no more than that', async () => {
  const { ask, openHopper } = await openRun()
  const hopper = openHopper()
  ask({ type: 'workload', workload })
  await soon(() => expect(hopper.state.heard).toBeGreaterThan(0))
  ask({ type: 'faults', faults: { ...faults, upgrades: 'hang' } })
  hopper.hopTo('websocket')
  await soon(() => expect(hopper.state.doing).toBe('reconnecting'))
  ask({ type: 'faults', faults })
  const { heard } = hopper.state
  await soon(() => expect(hopper.state.heard).toBeGreaterThan(heard + 100))
  expect(hopper.state).toMatchObject({ ...whole, way: 'websocket' })
})

test('what is stopped stays stopped', async () => {
  const { ask, openHopper, openNaive } = await openRun()
  const [hopper, naive] = [openHopper(), openNaive()]
  ask({ type: 'workload', workload })
  await soon(() => expect(Math.min(hopper.state.heard, naive.state.heard)).toBeGreaterThan(0))
  hopper.hopAtRandom(true)
  hopper.stop()
  naive.stop()
  const before = [hopper.state, naive.state]
  hopper.hopTo('short-poll')
  hopper.hopAtRandom(true)
  await new Promise((resolve) => setTimeout(resolve, 700))
  expect([hopper.state, naive.state]).toEqual(before)
  expect(hopper.state.isHoppingAtRandom).toBe(false)
})
