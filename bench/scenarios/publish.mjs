import { withServer } from '../harness/serve.mjs'
import { step } from '../harness/step.mjs'

/** How many publishes of one WebSocket wait for their acknowledgement. */
const socketInFlight = 64
const durabilities = ['fsync', 'os', 'memory']

const forms = [
  { name: 'HTTP, kept alive', via: 'http', load: { inFlight: 1 } },
  { name: 'HTTP, fresh connections', via: 'http', load: { inFlight: 1, publishFresh: 1 } },
  { name: 'WebSocket, plain', via: 'websocket', load: { inFlight: socketInFlight }, hasOwnChannels: true },
  { name: 'WebSocket, tidings.v1', via: 'tidings.v1', load: { inFlight: socketInFlight } },
]

export const scenario = {
  name: 'publish',
  title: 'Publishes, acknowledged',
  measures: `Acknowledged publishes of one 100-byte message a second, closed loop: over HTTP each publisher waits for its answer; over WebSocket ${socketInFlight} of each wait. With plain WebSocket the acknowledgement is the message's own echo.`,

  cases: (isQuick) =>
    (isQuick ? [10] : [1, 100]).flatMap((publishers) =>
      forms.map((form) => ({
        ...form,
        publishers,
        name: `${form.name}, ${publishers} publisher${publishers === 1 ? '' : 's'}`,
      })),
    ),

  /** Ours in each durability; the others have one. */
  forms: (peer, { via, publishers, hasOwnChannels }) => {
    if (!peer.publish[via]) return []
    // In one channel everybody would hear the echo of all, and take it for their own.
    if (hasOwnChannels && peer.hasOneChannel && publishers > 1) return []
    if (peer.name !== 'tidings') return [{}]
    return durabilities.map((durability) => ({ note: durability, durability }))
  },

  figures: [
    { key: 'publishesPerSecond', title: 'publishes a second' },
    { key: 'p50Ms', title: 'p50', unit: 'ms', isLowerBetter: true },
    { key: 'p99Ms', title: 'p99', unit: 'ms', isLowerBetter: true },
    { key: 'cpuUsPerPublish', title: 'CPU of the server a publish', unit: 'µs', isLowerBetter: true },
    { key: 'generatorIdlePercent', title: 'generator idle', unit: '%' },
  ],

  async measure({ case: { via, load, publishers, hasOwnChannels }, peer, form }, { isQuick }) {
    // With an echo to everyone, publishers in one channel would measure the fan-out to each other.
    const channels = hasOwnChannels ? publishers : 1
    return await withServer(peer, { channels, durability: form.durability }, async (server) => {
      const measured = await step(server, {
        ...peer.publish[via],
        ...load,
        subscribers: 0,
        publishers,
        channels,
        warmMs: isQuick ? 300 : 1_000,
        measureMs: isQuick ? 700 : 2_000,
      })
      if (measured.wrong) return { failure: measured.wrong }
      return {
        publishesPerSecond: measured.acknowledgedPerSecond,
        p50Ms: measured.acknowledgement.p50Ms,
        p99Ms: measured.acknowledgement.p99Ms,
        cpuUsPerPublish: measured.cpuUsPerPublish,
        generatorIdlePercent: measured.generatorIdlePercent,
      }
    })
  },
}
