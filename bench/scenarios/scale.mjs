import { withServer } from '../harness/serve.mjs'
import { step } from '../harness/step.mjs'

const words = { websocket: 'WebSocket', sse: 'SSE' }
/** Few enough that the slowest carries them to 1,000. */
const rate = 50

export const scenario = {
  name: 'scale',
  title: 'Cost as the subscribers grow',
  measures: `CPU of the server for each delivery at ${rate} messages a second, as the number of subscribers grows tenfold and tenfold again. Nothing can be gathered at this rate: each delivery is a write.`,

  cases: (isQuick) =>
    ['websocket', 'sse'].flatMap((way) =>
      (isQuick ? [10, 100] : [100, 1_000, 10_000]).map((subscribers) => ({
        name: `${subscribers.toLocaleString('en-GB')} ${words[way]}`,
        way,
        subscribers,
      })),
    ),

  isFor: (peer) => peer.name !== 'durable-streams-files',
  forms: (peer, { way }) => peer.endpoints.filter((each) => each.way === way && !each.note),

  figures: [
    { key: 'cpuUsPerDelivery', title: 'CPU of the server a delivery', unit: 'µs', isLowerBetter: true },
    { key: 'p50Ms', title: 'p50', unit: 'ms', isLowerBetter: true },
    { key: 'p99Ms', title: 'p99', unit: 'ms', isLowerBetter: true },
    { key: 'serverCpuPercent', title: 'server busy', unit: '%', isLowerBetter: true },
  ],

  async measure({ case: { subscribers }, peer, form }, { isQuick }) {
    return await withServer(peer, {}, async (server) => {
      const load = { ...peer.publish.http, ...form.load, subscribers, publishers: 1, rate }
      const times = isQuick ? { warmMs: 300, measureMs: 1_000 } : { warmMs: 500, measureMs: 3_000 }
      const measured = await step(server, { ...load, ...times })
      if (measured.wrong) return { failure: measured.wrong }
      const { cpuUsPerDelivery, serverCpuPercent } = measured
      return { cpuUsPerDelivery, p50Ms: measured.heard.p50Ms, p99Ms: measured.heard.p99Ms, serverCpuPercent }
    })
  },
}
