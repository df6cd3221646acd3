import { searchCapacity, slowest } from '../harness/capacity.mjs'
import { withServer } from '../harness/serve.mjs'
import { hasSocket, publishing } from './publishers.mjs'

/** With p99 within 50 ms; a flush to 10,000 sockets alone takes about that long, so there it is 250 ms. */
const boundsMs = new Map([
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
    const ways = ['websocket', 'sse']
    const main = ways.map((way) => ({ ...caseOf(way, isQuick ? 100 : 1_000), hasVariants: true }))
    if (isQuick) return main
    const secured = ways.map((way) => caseOf(way, 1_000)).map(overTls)
    return [...main, ...ways.map((way) => caseOf(way, 10_000)), ...secured]
  },

  /** How it is published, and other forms of an endpoint, are told apart in the main cases only. */
  forms(peer, { way, hasVariants }) {
    const forms = peer.endpoints.filter((each) => each.way === way)
    if (!hasVariants) return forms.filter(({ note }) => !note)
    const byPost = { ...forms[0], note: 'published by POST', byPost: true }
    return way === 'websocket' && forms.length > 0 && hasSocket(peer) ? [...forms, byPost] : forms
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

  async measure({ case: { way, subscribers, isTls = false }, peer, form }, bench) {
    const { isQuick, previous, say } = bench
    const atThousand = bench.lastOf(caseOf(way, 1_000).name)?.deliveriesPerSecond
    if (subscribers > 1_000 && atThousand < slowest * subscribers)
      return { failure: `left out, since ${slowest} messages a second would be more than it carries` }
    return await withServer(peer, { isTls }, async (server) => {
      const load = {
        ...publishing(peer, form.byPost),
        ...form.load,
        subscribers,
        tls: isTls ? 1 : 0,
        warmMs: isQuick ? 300 : 1_000,
        measureMs: isQuick ? 700 : 2_500,
      }
      // A later round begins below what an earlier one has found.
      const startRate = previous?.messagesPerSecond ? Math.round(previous.messagesPerSecond / 3) : undefined
      const found = await searchCapacity(server, load, {
        boundMs: boundsMs.get(subscribers),
        startRate,
        closeness: isQuick ? 2 : undefined,
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

function overTls(each) {
  return { ...each, name: `${each.name}, TLS`, isTls: true }
}

function caseOf(way, subscribers) {
  return { name: `${subscribers.toLocaleString('en-GB')} ${words[way]}`, way, subscribers }
}
