import { withServer } from '../harness/serve.mjs'
import { step } from '../harness/step.mjs'

const clients = 64
const origin = 'http://localhost:3000'

export const scenario = {
  name: 'short-poll',
  title: 'Short polls with nothing new',
  measures: `Empty answers a second to ${clients} clients on kept-alive connections, each asking again at once, and the bytes of each answer with its head.`,

  cases: () => [
    { name: 'conditional (304)', isConditional: true },
    { name: 'unconditional (200)' },
    { name: 'conditional, CORS', isConditional: true, isCors: true },
    { name: 'unconditional, CORS', isCors: true },
  ],

  /** Bare `node:http` has neither ETags nor CORS: one row of it is what the others are held against. */
  forms: (peer, { isConditional, isCors }) => {
    if (peer.name === 'bare' && (isConditional || isCors)) return []
    return peer.endpoints.filter(({ way }) => way === 'short-poll')
  },

  figures: [
    { key: 'answersPerSecond', title: 'answers a second' },
    { key: 'bytesPerAnswer', title: 'bytes an answer', isLowerBetter: true },
    { key: 'cpuUsPerAnswer', title: 'CPU of the server an answer', unit: 'µs', isLowerBetter: true },
    { key: 'p99Ms', title: 'p99', unit: 'ms', isLowerBetter: true },
  ],

  async measure({ case: { isConditional, isCors }, peer, form }, { isQuick }) {
    return await withServer(peer, {}, async (server) => {
      const tail = await findTail(`http://127.0.0.1:${server.port}`, form.load.path)
      const headers = [isCors ? `origin: ${origin}` : '', isConditional ? `if-none-match: ${tail.etag}` : '']
      const measured = await step(server, {
        subscribers: 0,
        publishers: clients,
        inFlight: 1,
        publishGet: 1,
        publishPath: tail.path,
        publishHeaders: headers
          .filter(Boolean)
          .map((line) => `${line}\r\n`)
          .join(''),
        warmMs: isQuick ? 300 : 1_000,
        measureMs: isQuick ? 700 : 2_000,
      })
      if (measured.wrong) return { failure: measured.wrong }
      return {
        answersPerSecond: measured.acknowledgedPerSecond,
        bytesPerAnswer: Math.round(measured.answerBytes / measured.measuredAcknowledged),
        cpuUsPerAnswer: measured.cpuUsPerPublish,
        p99Ms: measured.acknowledgement.p99Ms,
      }
    })
  },
}

/** Where the channel ends, as a poll that goes on from there asks, and the ETag of having nothing new. */
async function findTail(url, template) {
  const filled = (offset) => template.replace('{c}', '0').replace('{o}', offset)
  const first = await fetch(url + filled('now'))
  const path = filled(first.headers.get('stream-next-offset') ?? 'now')
  const atTail = await fetch(url + path)
  return { path, etag: atTail.headers.get('etag') }
}
