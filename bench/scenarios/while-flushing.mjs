import { withServer } from '../harness/serve.mjs'
import { step } from '../harness/step.mjs'
import { inChannel } from './in-channel.mjs'
import { publishing } from './publishers.mjs'

const probesPerSecond = 50
const slowest = 5

export const scenario = {
  name: 'while-flushing',
  title: 'Others, while a large channel is flushed',
  measures: `10,000 WebSockets hear one channel, one write each, so that from some 20 messages a second on its flushes overlap: how long a publish to that channel, by POST, waits for its acknowledgement, and how long a message takes to the one subscriber of another channel, ${probesPerSecond} times a second.`,

  cases(isQuick) {
    const subscribers = isQuick ? 200 : 10_000
    return [slowest, 50, 200].map((rate) => ({
      name: `${subscribers.toLocaleString('en-GB')} WebSocket, ${rate} messages a second`,
      way: 'websocket',
      subscribers,
      rate,
    }))
  },

  /** Ours, and two of native code; Nchan carries the lowest rate only, and takes a minute to fail at the others. */
  isFor: (peer, { rate }) => ['tidings', 'bun', ...(rate === slowest ? ['nchan'] : [])].includes(peer.name),

  figures: [
    { key: 'acknowledgedP99Ms', title: 'acknowledged, p99', unit: 'ms', isLowerBetter: true },
    { key: 'acknowledgedP50Ms', title: 'p50', unit: 'ms', isLowerBetter: true },
    { key: 'elsewhereP99Ms', title: 'heard in another channel, p99', unit: 'ms', isLowerBetter: true },
    { key: 'elsewhereP50Ms', title: 'p50 there', unit: 'ms', isLowerBetter: true },
    { key: 'flushedP99Ms', title: 'heard in the large channel, p99', unit: 'ms', isLowerBetter: true },
  ],

  async measure({ case: { subscribers, rate }, peer, form }, { isQuick }) {
    return await withServer(peer, { channels: 2 }, async (server) => {
      const large = {
        ...publishing(peer, true),
        ...form.load,
        ...inChannel('0', peer, form),
        subscribers,
        rate,
      }
      const elsewhere = {
        ...peer.publish.http,
        ...form.load,
        ...inChannel('1', peer, form),
        subscribers: 1,
        rate: probesPerSecond,
        warmMs: 200,
        measureMs: isQuick ? 500 : 3_500,
      }
      let probed
      const times = { warmMs: 500, measureMs: isQuick ? 1_500 : 5_000, drainMs: 5_000 }
      const flushed = await step(server, { ...large, ...times }, (phase) => {
        if (phase === 'measuring') probed = step(server, elsewhere)
      })
      const { wrong, heard } = (await probed) ?? flushed
      if (flushed.wrong ?? wrong) return { failure: flushed.wrong ?? wrong }
      return {
        acknowledgedP99Ms: flushed.acknowledgement.p99Ms,
        acknowledgedP50Ms: flushed.acknowledgement.p50Ms,
        elsewhereP99Ms: heard.p99Ms,
        elsewhereP50Ms: heard.p50Ms,
        flushedP99Ms: flushed.heard.p99Ms,
      }
    })
  },
}
