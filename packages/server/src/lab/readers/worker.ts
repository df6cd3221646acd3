import { parentPort, workerData } from 'node:worker_threads'
import type { ReaderCounts, Way } from '@tidings/protocol'
import { WebSocket } from 'ws'
import type { CrowdData, CrowdWish } from './crowd-words.js'
import { WayReaders } from './way-readers.js'

// The readers' own thread: what they take of the time is not taken from the server's loop.

const { server, channel } = workerData as CrowdData
const tellEveryMs = 1_000

const readersOf = (way: Way) => new WayReaders(way, { server, channel }, { webSocket: WebSocket })
const readers: Readonly<Record<Way, WayReaders>> = {
  'short-poll': readersOf('short-poll'),
  'long-poll': readersOf('long-poll'),
  sse: readersOf('sse'),
  websocket: readersOf('websocket'),
}

parentPort?.on('message', (wish: CrowdWish) => {
  for (const [way, count] of Object.entries(wish) as [Way, number][]) readers[way].use(count)
})

setInterval(() => {
  const counts = Object.fromEntries(
    Object.entries(readers).map(([way, each]) => [way, each.counts]),
  ) as Record<Way, ReaderCounts>
  parentPort?.postMessage(counts)
}, tellEveryMs)
