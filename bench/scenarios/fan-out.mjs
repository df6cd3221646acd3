import { searchCapacity } from '../harness/capacity.mjs'
import { withServer } from '../harness/serve.mjs'
import { publishers } from './publishers.mjs'

/** With p99 within 50 ms; a flush to 10,000 sockets alone takes about that long, so there it is 250 ms. */
const boundsMs = new Map([
  [10, 50],
  [100, 50],
  [1_000, 50],
  [10_000, 250],
])
const words = { websocket: 'WebSocket', sse: 'SSE' }

export const scenario = {
  name: 'fan-out',
  title: 'Fan-out: capacity',
  measures:
    'The highest rate of 100-byte messages, open loop, at which p99 from due to heard stays within 50 ms (250 ms with 10,000 subscribers), nothing is lost and 97 % arrives in time.',

  cases(isQuick) {
    const sizes = isQuick ? [100] : [100, 1_000, 10_000]
    const plain = sizes.flatMap((subscribers) => ['websocket', 'sse'].map((way) => caseOf(way, subscribers)))
    if (isQuick) return plain
    const secured = ['websocket', 'sse'].map((way) => ({ ...caseOf(way, 1_000), isTls: true }))
    return [...plain, ...secured.map((each) => ({ ...each, name: `${each.name}, TLS` }))]
  },

  isFor: (peer, { isTls }) => peer.name !== 'bare' && (!isTls || peer.hasTls),

  figures: [
    { key: 'deliveriesPerSecond', title: 'deliveries a second' },
    { key: 'messagesPerSecond', title: 'messages a second' },
    { key: 'cpuUsPerDelivery', title: 'CPU of the server a delivery', unit: 'µs', isLowerBetter: true },
    { key: 'p50Ms', title: 'p50', unit: 'ms', isLowerBetter: true },
    { key: 'p99Ms', title: 'p99', unit: 'ms', isLowerBetter: true },
    { key: 'generatorIdlePercent', title: 'generator idle', unit: '%' },
  ],

  async measure({ case: { subscribers, isTls = false }, peer, form }, { isQuick, previous, say }) {
    return await withServer(peer, { isTls }, async (server) => {
      const load = {
        ...peer.publish.http,
        ...form.load,
        subscribers,
        publishers,
        tls: isTls ? 1 : 0,
        warmMs: isQuick ? 300 : 1_000,
        measureMs: isQuick ? 700 : 3_000,
      }
      // A later round begins below what an earlier one has found.
      const startRate = previous?.messagesPerSecond ? Math.round(previous.messagesPerSecond / 3) : undefined
      const found = await searchCapacity(server, load, {
        boundMs: boundsMs.get(subscribers),
        startRate,
        say: (text) => say(`    ${text}`),
      })
      return {
        deliveriesPerSecond: found.rate * subscribers,
        messagesPerSecond: found.rate,
        cpuUsPerDelivery: found.cpuUsPerDelivery,
        p50Ms: found.heard?.p50Ms,
        p99Ms: found.heard?.p99Ms,
        generatorIdlePercent: found.generatorIdlePercent,
        failedAt: found.failedAt,
        failure: found.failure,
      }
    })
  },
}

function caseOf(way, subscribers) {
  return { name: `${subscribers.toLocaleString('en-GB')} ${words[way]}`, way, subscribers }
}
