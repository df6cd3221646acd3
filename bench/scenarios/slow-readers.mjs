import { searchCapacity } from '../harness/capacity.mjs'
import { withServer } from '../harness/serve.mjs'
import { publishers } from './publishers.mjs'

const boundMs = 50
const words = { websocket: 'WebSocket', sse: 'SSE' }

export const scenario = {
  name: 'slow-readers',
  title: 'Slow readers',
  measures:
    'Capacity, as in fan-out, when all read and when a tenth of the subscribers stops reading; then these read again, and must hear all that they missed.',

  cases: (isQuick) =>
    ['websocket', 'sse'].flatMap((way) => {
      const subscribers = isQuick ? 50 : 1_000
      const name = `${subscribers.toLocaleString('en-GB')} ${words[way]}`
      return [
        { name: `${name}, all read`, way, subscribers, stoppedPercent: 0 },
        { name: `${name}, 10 % stopped`, way, subscribers, stoppedPercent: 10 },
      ]
    }),

  isFor: (peer) => peer.name !== 'bare',

  figures: [
    { key: 'deliveriesPerSecond', title: 'deliveries a second to those that read' },
    { key: 'messagesPerSecond', title: 'messages a second' },
    { key: 'residentMb', title: 'memory of the server', unit: 'MB', isLowerBetter: true },
    { key: 'p99Ms', title: 'p99', unit: 'ms', isLowerBetter: true },
  ],

  async measure({ case: { subscribers, stoppedPercent }, peer, form }, { isQuick, previous, say }) {
    return await withServer(peer, {}, async (server) => {
      const load = {
        ...peer.publish.http,
        ...form.load,
        subscribers,
        publishers,
        stoppedPercent,
        // So much at a time that the sockets' buffers don't hold what the stopped ones miss.
        size: 1_000,
        warmMs: isQuick ? 300 : 2_000,
        measureMs: isQuick ? 700 : 5_000,
        drainMs: isQuick ? 5_000 : 30_000,
      }
      const startRate = previous?.messagesPerSecond ? Math.round(previous.messagesPerSecond / 3) : undefined
      const found = await searchCapacity(server, load, {
        boundMs,
        startRate,
        say: (text) => say(`    ${text}`),
      })
      return {
        deliveriesPerSecond: found.rate * subscribers * (1 - stoppedPercent / 100),
        messagesPerSecond: found.rate,
        residentMb: found.residentMb,
        p99Ms: found.heard?.p99Ms,
        failure: found.failure,
      }
    })
  },
}
