import { type LabNotice, ways } from '@tidings/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { SpawnedServer } from '../support/spawned-server.js'
import { statsOf } from '../support/stats.js'
import { temporaryFolder } from '../support/test-server.js'
import { LabRun } from './lab-run.js'

const readersPerWay = 5
const readers = {
  'short-poll': readersPerWay,
  'long-poll': readersPerWay,
  sse: readersPerWay,
  websocket: readersPerWay,
}

/** What the readers were last told to have heard. */
const lastCounts = ({ notices }: LabRun) =>
  notices
    .filter((notice): notice is Extract<LabNotice, { type: 'readers' }> => notice.type === 'readers')
    .at(-1)?.ways

test('the workload’s readers are real connections that miss nothing, and go home when they are told to', async () => {
  const server = await SpawnedServer.start({ data: await temporaryFolder(), port: 0, engine: 'memory' })
  onTestFinished(() => server.end())
  const run = await LabRun.open(server)
  const workload = { messagesPerSecond: 100, burst: 1, messageBytes: 100 }
  run.ask({ type: 'workload', workload: { ...workload, readers } })
  await run.until((each) => {
    const counts = lastCounts(each)
    return counts !== undefined && ways.every((way) => counts[way].messages >= 20 * readersPerWay)
  })
  const counts = lastCounts(run)
  for (const way of ways)
    expect(counts?.[way]).toMatchObject({ connected: readersPerWay, lost: 0, twice: 0, outOfOrder: 0 })
  const { ways: costs } = await statsOf(server).now()
  for (const way of ['sse', 'websocket'] as const) expect(costs[way].connectionsOpen).toBe(readersPerWay)

  const none = { 'short-poll': 0, 'long-poll': 0, sse: 0, websocket: 0 }
  run.ask({ type: 'workload', workload: { ...workload, messagesPerSecond: 0, readers: none } })
  await statsOf(server).untilNothingIsHeld()
})

test('of readers that are asked for and sent home over and over few are made', async () => {
  const server = await SpawnedServer.start({ data: await temporaryFolder(), port: 0, engine: 'memory' })
  onTestFinished(() => server.end())
  const run = await LabRun.open(server)
  const workload = { messagesPerSecond: 100, burst: 1, messageBytes: 100 }
  const ofSse = (sse: number) => ({ 'short-poll': 0, 'long-poll': 0, sse, websocket: 0 })
  const told = ({ notices }: LabRun, type: string) => notices.filter((notice) => notice.type === type).length
  for (let times = 1; told(run, 'readers') < 2; times++) {
    run.ask({ type: 'workload', workload: { ...workload, readers: ofSse(times % 2 === 0 ? 0 : 20) } })
    run.ask({ type: 'clock', askedAtMs: 0 })
    await run.until((each) => told(each, 'clock') === times)
  }
  run.ask({ type: 'workload', workload: { ...workload, readers: ofSse(20) } })
  await run.until((each) => lastCounts(each)?.sse.connected === 20)
  const { ways: costs } = await statsOf(server).now()
  expect(costs.sse.requests).toBeLessThan(200)
})
