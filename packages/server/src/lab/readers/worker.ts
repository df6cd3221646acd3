import { parentPort, workerData } from 'node:worker_threads'
import type { ReaderCounts, Way } from '@tidings/protocol'
import { WebSocket } from 'ws'
import type { CrowdData, CrowdWish } from './crowd-words.js'
import { WayReaders } from './way-readers.js'

// The readers' own thread: what they take of the time is not taken from the server's loop.

const { server, channel } = workerData as CrowdData
const tellEveryMs = 1_000

const options = (intervalMs: number) => ({ webSocket: WebSocket, intervalMs })
const makeReaders = (intervalMs: number): Record<Way, WayReaders> => {
  const of = (way: Way) => new WayReaders(way, { server, channel }, options(intervalMs))
  return {
    'short-poll': of('short-poll'),
    'long-poll': of('long-poll'),
    sse: of('sse'),
    websocket: of('websocket'),
  }
}

const readers = makeReaders(1_000)

parentPort?.on('message', (wish: CrowdWish) => {
  for (const [way, count] of Object.entries(wish) as [Way, number][]) readers[way].use(count)
})

setInterval(() => {
  const counts = Object.fromEntries(
    Object.entries(readers).map(([way, each]) => [way, each.counts]),
  ) as Record<Way, ReaderCounts>
  parentPort?.postMessage(counts)
}, tellEveryMs)
