import { withServer } from '../harness/serve.mjs'
import { step } from '../harness/step.mjs'

export const scenario = {
  name: 'long-poll',
  title: 'Long polls, turned around',
  measures:
    'Clients that hold a poll, are answered and ask again: a message is published when all have heard the one before, and the answers are counted; over kept-alive connections and over a fresh one for each poll.',

  cases: (isQuick) => {
    const subscribers = isQuick ? 50 : 500
    return [
      { name: `${subscribers} clients, kept alive`, way: 'long-poll', subscribers },
      { name: `${subscribers} clients, fresh connections`, way: 'long-poll', subscribers, isFresh: true },
    ]
  },

  figures: [
    { key: 'answersPerSecond', title: 'answers a second' },
    { key: 'p50Ms', title: 'p50 of published to heard', unit: 'ms', isLowerBetter: true },
    { key: 'p99Ms', title: 'p99', unit: 'ms', isLowerBetter: true },
    { key: 'bytesPerAnswer', title: 'bytes an answer', isLowerBetter: true },
    { key: 'cpuUsPerDelivery', title: 'CPU of the server an answer', unit: 'µs', isLowerBetter: true },
  ],

  async measure({ case: { subscribers, isFresh }, peer, form }, { isQuick }) {
    return await withServer(peer, {}, async (server) => {
      const measured = await step(server, {
        ...peer.publish.http,
        ...form.load,
        subscribers,
        publishers: 1,
        window: 1,
        fresh: isFresh ? 1 : 0,
        checkEvery: 1,
        warmMs: isQuick ? 300 : 1_000,
        measureMs: isQuick ? 700 : 3_000,
      })
      if (measured.wrong) return { failure: measured.wrong }
      return {
        answersPerSecond: (measured.answers * 1000) / measured.measuredMs,
        p50Ms: measured.heard.p50Ms,
        p99Ms: measured.heard.p99Ms,
        bytesPerAnswer: Math.round(measured.answerBytes / measured.answers),
        cpuUsPerDelivery: measured.cpuUsPerDelivery,
      }
    })
  },
}
