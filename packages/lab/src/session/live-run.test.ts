import { type Way, ways } from '@tidings/protocol'
import { startServer } from 'tidings'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { type Browser, type OpenLane, openLane } from '../lanes/index.js'
import { startRunSession } from './run-session.js'
import type { RunSession } from './types.js'

const waysOfNode = ['short-poll', 'long-poll', 'websocket'] as const
const noReaders = { 'short-poll': 0, 'long-poll': 0, sse: 0, websocket: 0 }
const workload = { messagesPerSecond: 50, burst: 1, messageBytes: 100, readers: noReaders }
const faults = { delayMs: 0, buffers: false, upgrades: 'pass' } as const
const soon = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 20 })

/** A run of a real server. Node has no EventSource: the lane of SSE is silent here. */
async function openRun(options: { lab?: 'off' } = {}) {
  const server = await startServer({ engine: 'memory', port: 0, ...options })
  onTestFinished(() => server.close())
  const silent: OpenLane = ({ place }) => ({
    way: 'sse',
    place,
    say: async () => {},
    useSettings: () => {},
    stop: () => {},
  })
  const lanes: Record<Way, OpenLane> = { ...openLane, sse: silent }
  const session = startRunSession({
    browser: {
      fetch,
      WebSocket,
      origin: server.url,
      now: () => performance.timeOrigin + performance.now(),
      random: Math.random,
    } as unknown as Browser,
    openLane: lanes,
    requestFrame: (callback) => setTimeout(callback, 16),
    settings: { pollIntervalMs: 100, holdSeconds: 5, isKeptAlive: true },
    workload,
    faults,
  })
  onTestFinished(() => session.end())
  return { server, session }
}

/** Connections of any lane: a client hands an idle one to whichever asks next. */
function closedByServer(session: RunSession): number {
  const connections = ways.flatMap((way) => session.lane(way).connections)
  return connections.filter(({ closedBy }) => closedBy === 'server').length
}

test('in a run each lane hears every message once, in order, though the server closes its connections', async () => {
  const { session } = await openRun()
  await soon(() => expect(session.state).toBe('running'))
  for (const way of waysOfNode) {
    await soon(() => expect(session.figures(way).messages).toBeGreaterThan(20))
    const closed = closedByServer(session)
    // Between two short polls a connection may be in the hands of another lane.
    await soon(() => {
      session.closeFromServer(way)
      expect(closedByServer(session)).toBeGreaterThan(closed)
    })
    const { messages } = session.figures(way)
    await soon(() => expect(session.figures(way).messages).toBeGreaterThan(messages + 20))
  }
  for (const way of waysOfNode) {
    expect(session.figures(way)).toMatchObject({ lost: 0, twice: 0, outOfOrder: 0 })
    expect(session.lane(way).arrows.length).toBeGreaterThan(20)
  }
  expect(session.hopper).toMatchObject({ lost: 0, twice: 0, outOfOrder: 0 })
})

test('the clocks of one machine are found to agree, and delays are short', async () => {
  const { session } = await openRun()
  await soon(() => expect(session.figures('websocket').messages).toBeGreaterThan(50))
  const { offsetMs, errorMs } = session.clock ?? { offsetMs: Number.NaN, errorMs: Number.NaN }
  expect(Math.abs(offsetMs)).toBeLessThanOrEqual(errorMs + 1)
  const { delayP50Ms = Number.NaN } = session.figures('websocket')
  expect(delayP50Ms).toBeGreaterThan(-1)
  expect(delayP50Ms).toBeLessThan(100)
})

test('what is said in a lane comes back to it, and is heard in the others', async () => {
  const { session } = await openRun()
  session.useWorkload({ ...workload, messagesPerSecond: 0 })
  await soon(() => expect(session.lane('websocket').exchanges).toHaveLength(1))
  await session.say('long-poll', 'a word')
  await soon(() => expect(session.figures('long-poll').roundTripP50Ms).toBeGreaterThan(0))
  await soon(() => expect(waysOfNode.map((way) => session.figures(way).messages)).toEqual([1, 1, 1]))
  expect(waysOfNode.filter((way) => session.figures(way).roundTripP50Ms !== undefined)).toEqual(['long-poll'])
})

test('cuts of the line are told, and the hopper loses nothing', async () => {
  const { session } = await openRun()
  await soon(() => expect(session.hopper.heard).toBeGreaterThan(0))
  session.cut()
  await soon(() => expect(session.lineEvents.some(({ what }) => what === 'cut')).toBe(true))
  const { heard } = session.hopper
  await soon(() => expect(session.hopper.heard).toBeGreaterThan(heard + 20))
  expect(session.hopper.lost).toBe(0)
})

test('a run ends with its server', async () => {
  const { server, session } = await openRun()
  await soon(() => expect(session.state).toBe('running'))
  await server.close()
  await soon(() => expect(session.state).toBe('ended'))
  expect(session.reason).toMatch(/is stopping/)
  expect(ways.some((way) => session.isRunning(way))).toBe(false)
})

test('a server without a Lab refuses', async () => {
  const { session } = await openRun({ lab: 'off' })
  await soon(() => expect(session.state).toBe('refused'))
  expect(session.reason).toMatch(/turned off/)
})
