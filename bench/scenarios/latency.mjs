import { searchCapacity } from '../harness/capacity.mjs'
import { withServer } from '../harness/serve.mjs'
import { step } from '../harness/step.mjs'
import { publishing } from './publishers.mjs'

const words = { websocket: 'WebSocket', sse: 'SSE' }
const boundMs = 50
/** The search for a rate to halve need not be exact. */
const roughly = 2

export const scenario = {
  name: 'latency',
  title: 'Latency',
  measures:
    'From when a message was due to when 1,000 subscribers heard it, open loop, 100-byte messages: at 80 a second, and at half of the capacity that a short search finds first.',

  cases: (isQuick) =>
    ['websocket', 'sse'].flatMap((way) => {
      const subscribers = isQuick ? 100 : 1_000
      const name = `${subscribers.toLocaleString('en-GB')} ${words[way]}`
      return [
        { name: `${name}, 80 messages a second`, way, subscribers, rate: 80 },
        { name: `${name}, half of capacity`, way, subscribers },
      ]
    }),

  /** The search for a capacity takes its time: that case is for ours, and two of native code. */
  isFor: (peer, { rate }) => (rate ? peer.name !== 'bare' : ['tidings', 'bun', 'nchan'].includes(peer.name)),
  forms: (peer, { way }) => peer.endpoints.filter((each) => each.way === way && !each.note),

  figures: [
    { key: 'p99Ms', title: 'p99', unit: 'ms', isLowerBetter: true },
    { key: 'p50Ms', title: 'p50', unit: 'ms', isLowerBetter: true },
    { key: 'p999Ms', title: 'p99.9', unit: 'ms', isLowerBetter: true },
    { key: 'messagesPerSecond', title: 'messages a second' },
    { key: 'serverCpuPercent', title: 'server busy', unit: '%', isLowerBetter: true },
  ],

  async measure({ case: { subscribers, rate }, peer, form }, { isQuick, previous, say }) {
    return await withServer(peer, {}, async (server) => {
      const load = { ...publishing(peer), ...form.load, subscribers }
      const chosen = rate ?? (await halfOfCapacity(server, load, { isQuick, previous, say }))
      if (chosen === 0) return { failure: 'there is no rate that it carries within the bound' }
      const times = isQuick ? { warmMs: 300, measureMs: 1_000 } : { warmMs: 1_000, measureMs: 5_000 }
      // At a low rate every subscriber is checked and timed, so that p99.9 stands on enough messages.
      const measured = await step(server, {
        ...load,
        ...times,
        rate: chosen,
        checkEvery: chosen <= 100 ? 1 : 16,
      })
      if (measured.wrong) return { failure: measured.wrong }
      const { p50Ms, p99Ms, p999Ms } = measured.heard
      return { p50Ms, p99Ms, p999Ms, messagesPerSecond: chosen, serverCpuPercent: measured.serverCpuPercent }
    })
  },
}

/** The same rate in each round, so that they can be compared. */
async function halfOfCapacity(server, load, { isQuick, previous, say }) {
  if (previous?.messagesPerSecond) return previous.messagesPerSecond
  const times = isQuick ? { warmMs: 200, measureMs: 500 } : { warmMs: 300, measureMs: 1_000 }
  const found = await searchCapacity(
    server,
    { ...load, ...times },
    { boundMs, closeness: roughly, say: (text) => say(`    ${text}`) },
  )
  return Math.round(found.rate / 2)
}
