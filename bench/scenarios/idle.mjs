import { setTimeout as sleep } from 'node:timers/promises'
import { findWrongs, generate } from '../harness/generate.mjs'
import { withServer } from '../harness/serve.mjs'

const words = { websocket: 'WebSocket', sse: 'SSE', 'long-poll': 'held long polls' }

export const scenario = {
  name: 'idle',
  title: 'Idle connections',
  measures:
    'What a connection costs that hears nothing: resident memory of the server above what it had before (the kernel buffers apart) and CPU, read while all are connected.',

  cases: (isQuick) =>
    Object.keys(words).map((way) => {
      const subscribers = isQuick ? 500 : 10_000
      return { name: `${subscribers.toLocaleString('en-GB')} ${words[way]}`, way, subscribers }
    }),

  /** The reference's stores differ in nothing here. */
  isFor: (peer) => peer.name !== 'durable-streams-files',
  forms: (peer, { way }) => peer.endpoints.filter((each) => each.way === way && !each.note),

  figures: [
    { key: 'kbPerConnection', title: 'memory a connection', unit: 'kB', isLowerBetter: true },
    { key: 'cpuPercent', title: 'CPU', unit: '% of a core', isLowerBetter: true },
    { key: 'connectionsPerSecond', title: 'connections opened a second' },
  ],

  async measure({ case: { subscribers }, peer, form }, { isQuick }) {
    return await withServer(peer, {}, async (server) => {
      // A first few, so that what is loaded at the first connection does not count as theirs.
      await generate({ port: server.port, ...form.load, subscribers: 20, publishers: 0, idle: 1 })
      await sleep(500)
      const before = server.costs()
      const watchMs = isQuick ? 500 : 8_000
      let cost
      const load = {
        port: server.port,
        ...form.load,
        subscribers,
        publishers: 0,
        idle: 1,
        measureMs: watchMs,
      }
      const report = await generate(load, async (phase) => {
        if (phase !== 'connected') return
        const connected = server.costs()
        await sleep(watchMs)
        const after = server.costs()
        cost = {
          // Read at the end: garbage of the handshakes is gone by then, if it ever goes.
          kbPerConnection: (after.residentKb - before.residentKb) / subscribers,
          cpuPercent: ((after.cpuSeconds - connected.cpuSeconds) * 1e5) / watchMs,
        }
      })
      const wrong = findWrongs(report)
      return wrong
        ? { failure: wrong }
        : { ...cost, connectionsPerSecond: (subscribers * 1000) / report.connectingMs }
    })
  },
}
