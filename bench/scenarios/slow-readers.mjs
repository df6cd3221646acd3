import { failureOf, searchCapacity } from '../harness/capacity.mjs'
import { whenQuiet, withServer } from '../harness/serve.mjs'
import { step } from '../harness/step.mjs'
import { touchMemory } from '../harness/touched-memory.mjs'
import { publishing } from './publishers.mjs'

const boundMs = 50
const stoppedPercent = 10
/** A socket on loopback takes about so much of what nobody reads. What is measured is the time after that. */
const socketBytes = 4_500_000
const words = { websocket: 'WebSocket', sse: 'SSE' }
/** Of the capacity, for those that read on: the first that holds is told. */
const shares = [1, 0.95, 0.9, 0.8, 0.6, 0.4, 0.2]

export const scenario = {
  name: 'slow-readers',
  title: 'Slow readers',
  measures: `Capacity, as in fan-out but with messages of 1,000 bytes, when all read; then what share of it holds (${shares.map((share) => Math.round(share * 100)).join(', ')} %) when a tenth of the subscribers stops reading. These read again in the end, and must hear all that they missed.`,

  cases: (isQuick) =>
    ['websocket', 'sse'].map((way) => {
      const subscribers = isQuick ? 50 : 1_000
      return { name: `${subscribers.toLocaleString('en-GB')} ${words[way]}, 10 % stopped`, way, subscribers }
    }),

  /** A few that differ: ours, native code without a log, and one with a buffer of its own. */
  isFor: (peer) => ['tidings', 'bun', 'nchan'].includes(peer.name),
  forms: (peer, { way }) => peer.endpoints.filter((each) => each.way === way && !each.note),

  figures: [
    { key: 'keptPercent', title: 'capacity kept', unit: '%' },
    { key: 'capacity', title: 'capacity, all reading', unit: 'messages a second' },
    { key: 'capacityMb', title: 'memory then', unit: 'MB', isLowerBetter: true },
    { key: 'residentMb', title: 'with a tenth stopped', unit: 'MB', isLowerBetter: true },
    { key: 'p99Ms', title: 'p99', unit: 'ms', isLowerBetter: true },
  ],

  async measure({ case: { subscribers }, peer, form }, { isQuick, previous, say }) {
    const load = {
      ...publishing(peer),
      ...form.load,
      subscribers,
      // So much at a time that the sockets' buffers don't hold what the stopped ones miss.
      size: 1_000,
      warmMs: isQuick ? 300 : 1_000,
      measureMs: isQuick ? 700 : 3_000,
    }
    const found = await withServer(peer, {}, (server) =>
      searchCapacity(server, load, {
        boundMs,
        startRate: previous?.capacity ? Math.round(previous.capacity / 3) : undefined,
        closeness: isQuick ? 2 : undefined,
        say: (text) => say(`    ${text}`),
      }),
    )
    if (found.rate === 0) return { failure: found.failure }
    const { kept, figures, failure } = await withServer(peer, {}, (server) =>
      findShare(server, load, found.rate, (text) => say(`    ${text}`)),
    )
    return {
      keptPercent: kept * 100,
      capacity: found.rate,
      capacityMb: found.residentMb,
      residentMb: figures?.residentMb,
      p99Ms: figures?.heard?.p99Ms,
      failure,
    }
  },
}

async function findShare(server, load, capacity, say) {
  let failure
  for (const share of shares) {
    const rate = Math.round(capacity * share)
    // Twice, as in the search of the capacity.
    for (const _ of ['once', 'more']) {
      const figures = await stepWithStopped(server, { ...load, rate })
      const found = failureOf(figures, rate, { ...load, stoppedPercent }, boundMs)
      say(`${rate} a second with ${stoppedPercent} % stopped: ${found ?? `p99 ${figures.heard.p99Ms} ms`}`)
      // Why it is no more, unless it is all.
      if (!found) return { kept: share, figures, failure: share < 1 ? failure : undefined }
      failure = found
      await whenQuiet(server)
    }
  }
  return { kept: 0, failure }
}

/** Measures when the stopped ones' sockets are full. */
async function stepWithStopped(server, load) {
  const fillMs = Math.ceil((socketBytes * 1000) / (load.rate * load.size))
  const stopped = (load.subscribers * stoppedPercent) / 100
  const letGo = await touchMemory(Math.ceil((socketBytes * stopped * 1.5) / 1e6))
  const onEdge = (phase) => (phase === 'connected' ? letGo() : undefined)
  // What the stopped ones missed may take a while to read.
  const times = { warmMs: load.warmMs + fillMs, drainMs: 30_000 }
  return await step(server, { ...load, ...times, stoppedPercent }, onEdge)
}
