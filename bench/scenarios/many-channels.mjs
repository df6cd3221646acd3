import { withServer } from '../harness/serve.mjs'
import { step } from '../harness/step.mjs'
import { publishing } from './publishers.mjs'

export const scenario = {
  name: 'many-channels',
  title: 'Many channels',
  measures:
    'Messages spread over many channels, so that nothing can be gathered: 10,000 channels with one or two subscribers each, beside bare Node with one socket write for each delivery; and 1,000 channels on one socket.',

  cases: (isQuick) => {
    const [channels, rate] = isQuick ? [200, 200] : [10_000, 2_000]
    const spread = { channels, subscribers: channels * 1.5, rate }
    const gathered = { channels: isQuick ? 100 : 1_000, subscribers: 1, rate: isQuick ? 200 : 5_000 }
    return [
      { ...spread, name: `${channels.toLocaleString('en-GB')} channels, WebSocket`, way: 'websocket' },
      { ...spread, name: `${channels.toLocaleString('en-GB')} channels, SSE`, way: 'sse' },
      {
        ...gathered,
        name: `${gathered.channels.toLocaleString('en-GB')} channels on one socket`,
        way: 'many on one socket',
        channelsPerSocket: gathered.channels,
      },
    ]
  },

  /** The reference's file store refuses some of what is published to many channels that it has just made (404). */
  isFor: (peer) => peer.name !== 'durable-streams-files',
  forms: (peer, { way }) => peer.endpoints.filter((each) => each.way === way && !each.note),

  figures: [
    { key: 'cpuUsPerDelivery', title: 'CPU of the server a delivery', unit: 'µs', isLowerBetter: true },
    { key: 'p50Ms', title: 'p50', unit: 'ms', isLowerBetter: true },
    { key: 'p99Ms', title: 'p99', unit: 'ms', isLowerBetter: true },
    { key: 'deliveredPerSecond', title: 'deliveries a second' },
    { key: 'serverCpuPercent', title: 'server busy', unit: '%', isLowerBetter: true },
  ],

  async measure({ case: { channels, subscribers, rate, channelsPerSocket = 1 }, peer, form }, { isQuick }) {
    return await withServer(peer, { channels }, async (server) => {
      const measured = await step(server, {
        // By POST for all: plain sockets publish to one channel only.
        ...publishing(peer, true),
        ...form.load,
        channels,
        channelsPerSocket,
        subscribers,
        rate,
        checkEvery: 1,
        // So few messages a second take long to make what runs them quick.
        warmMs: isQuick ? 300 : 5_000,
        measureMs: isQuick ? 700 : 4_000,
      })
      if (measured.wrong) return { failure: measured.wrong }
      const { cpuUsPerDelivery, deliveredPerSecond, serverCpuPercent } = measured
      const { p50Ms, p99Ms } = measured.heard
      return { cpuUsPerDelivery, p50Ms, p99Ms, deliveredPerSecond, serverCpuPercent }
    })
  },
}
