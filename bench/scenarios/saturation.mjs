import { withServer } from '../harness/serve.mjs'
import { step } from '../harness/step.mjs'
import { publishing } from './publishers.mjs'

const words = { websocket: 'WebSocket', sse: 'SSE' }

export const scenario = {
  name: 'saturation',
  title: 'Saturation, in a closed loop',
  measures:
    'Deliveries a second when a message is published as soon as the oldest of the window was heard by all. That measures the window as much as the server: capacity, above, is what can be relied on.',

  cases: (isQuick) =>
    ['websocket', 'sse'].flatMap((way) =>
      (isQuick ? [32] : [32, 1_024]).map((window) => {
        const subscribers = isQuick ? 100 : 1_000
        const name = `${subscribers.toLocaleString('en-GB')} ${words[way]}, window ${window}`
        return { name, way, subscribers, window }
      }),
    ),

  isFor: (peer) => peer.name !== 'bare',
  forms: (peer, { way }) => peer.endpoints.filter((each) => each.way === way && !each.note),

  figures: [
    { key: 'deliveredPerSecond', title: 'deliveries a second' },
    { key: 'p50Ms', title: 'p50', unit: 'ms', isLowerBetter: true },
    { key: 'p99Ms', title: 'p99', unit: 'ms', isLowerBetter: true },
    { key: 'cpuUsPerDelivery', title: 'CPU of the server a delivery', unit: 'µs', isLowerBetter: true },
    { key: 'generatorIdlePercent', title: 'generator idle', unit: '%' },
  ],

  async measure({ case: { subscribers, window }, peer, form }, { isQuick }) {
    return await withServer(peer, {}, async (server) => {
      const load = { ...publishing(peer), ...form.load, subscribers, window }
      const times = isQuick ? { warmMs: 300, measureMs: 700 } : { warmMs: 1_000, measureMs: 2_500 }
      const measured = await step(server, { ...load, ...times })
      if (measured.wrong) return { failure: measured.wrong }
      const { deliveredPerSecond, cpuUsPerDelivery, generatorIdlePercent } = measured
      const { p50Ms, p99Ms } = measured.heard
      return { deliveredPerSecond, p50Ms, p99Ms, cpuUsPerDelivery, generatorIdlePercent }
    })
  },
}
