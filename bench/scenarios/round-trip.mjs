import { withServer } from '../harness/serve.mjs'
import { step } from '../harness/step.mjs'

export const scenario = {
  name: 'round-trip',
  title: 'Round trip',
  measures:
    'One client sends a message up and hears it again, then sends the next: on one WebSocket, or by POST on one connection and over the way on another. Short polling asks again at once, and once with a wait of 100 ms.',

  cases: () => [
    { name: 'WebSocket, up and down one socket', onOneSocket: true },
    { name: 'POST, WebSocket', way: 'websocket' },
    { name: 'POST, SSE', way: 'sse' },
    { name: 'POST, long polling', way: 'long-poll' },
    { name: 'POST, short polling at once', way: 'short-poll' },
    { name: 'POST, short polling every 100 ms', way: 'short-poll', intervalMs: 100 },
  ],

  forms: (peer, { onOneSocket, way }) => {
    if (onOneSocket) return peer.publish.websocket ? [{}] : []
    return peer.endpoints.filter((each) => each.way === way && !each.note)
  },

  isFor: (peer) => peer.name !== 'bare',

  figures: [
    { key: 'p50Ms', title: 'p50', unit: 'ms', isLowerBetter: true },
    { key: 'p99Ms', title: 'p99', unit: 'ms', isLowerBetter: true },
    { key: 'p999Ms', title: 'p99.9', unit: 'ms', isLowerBetter: true },
    { key: 'perSecond', title: 'round trips a second' },
  ],

  async measure({ case: { onOneSocket, intervalMs = 0 }, peer, form }, { isQuick }) {
    return await withServer(peer, {}, async (server) => {
      const load = onOneSocket
        ? { ...peer.publish.websocket, subscribers: 0, publishers: 1, inFlight: 1 }
        : { ...peer.publish.http, ...form.load, subscribers: 1, publishers: 1, window: 1, intervalMs }
      const times = isQuick ? { warmMs: 200, measureMs: 500 } : { warmMs: 500, measureMs: 2_500 }
      const measured = await step(server, { ...load, ...times })
      if (measured.wrong) return { failure: measured.wrong }
      const { p50Ms, p99Ms, p999Ms, count } = onOneSocket ? measured.acknowledgement : measured.heard
      return { p50Ms, p99Ms, p999Ms, perSecond: (count * 1000) / measured.measuredMs }
    })
  },
}
