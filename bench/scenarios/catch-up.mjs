import { withServer } from '../harness/serve.mjs'
import { step } from '../harness/step.mjs'
import { fillChannel, filledLane } from './fill-channel.mjs'
import { inChannel } from './in-channel.mjs'

const words = { websocket: 'WebSocket', sse: 'SSE' }
const longestMs = 120_000

export const scenario = {
  name: 'catch-up',
  title: 'Catching up',
  measures:
    'Readers replay a channel from its beginning while 100 others hear its tail, at 80 messages a second: what the live ones feel of it, and the longest turn of the event loop where the server is Node.',

  cases: (isQuick) => {
    const ways = ['sse', 'websocket']
    if (isQuick) return ways.map((way) => caseOf(way, 50, 5_000))
    return [...ways.map((way) => caseOf(way, 1_000, 100_000)), caseOf('sse', 100, 10_000)]
  },

  /** Who keeps what was said, for who comes later; the reference is spared the largest case. */
  isFor: (peer, { readers }) =>
    ['tidings', ...(readers < 1_000 ? ['durable-streams', 'durable-streams-files'] : [])].includes(peer.name),
  forms: (peer, { way }) => peer.endpoints.filter((each) => each.way === way && !each.note),

  figures: [
    { key: 'liveP99Ms', title: 'p99 of the live ones meanwhile', unit: 'ms', isLowerBetter: true },
    { key: 'quietP99Ms', title: 'before', unit: 'ms', isLowerBetter: true },
    { key: 'longestTurnMs', title: 'longest turn of the loop', unit: 'ms', isLowerBetter: true },
    { key: 'replayedPerSecond', title: 'messages replayed a second' },
    { key: 'replaySeconds', title: 'all had it after', unit: 's', isLowerBetter: true },
  ],

  async measure({ case: { readers, messages }, peer, form }, { isQuick }) {
    return await withServer(peer, { hasMonitor: true, channels: 2 }, async (server) => {
      const { publishPath } = peer.publish.http
      await fillChannel(`http://127.0.0.1:${server.port}${publishPath.replace('{c}', '0')}`, messages)
      const live = {
        ...peer.publish.http,
        ...form.load,
        subscribers: 100,
        rate: 80,
        checkEvery: 1,
        warmMs: 500,
        measureMs: isQuick ? 1_000 : 4_000,
        drainMs: longestMs,
      }
      // In a channel of its own: its numbers, too, begin at 0.
      const quiet = await step(server, { ...live, ...inChannel('1', peer, form) })
      await server.ask()
      const { replay, busy } = await replayBeside(
        server,
        { ...form.load, subscribers: readers, replay: messages },
        live,
      )
      const { longestTurnMs } = await server.ask()
      const wrong = quiet.wrong ?? busy.wrong ?? replay.wrong
      if (wrong) return { failure: wrong }
      const replayMs = replay.connectingMs + replay.measuredMs
      return {
        liveP99Ms: busy.heard.p99Ms,
        quietP99Ms: quiet.heard.p99Ms,
        longestTurnMs,
        replayedPerSecond: (replay.delivered * 1000) / replayMs,
        replaySeconds: replayMs / 1000,
      }
    })
  },
}

function caseOf(way, readers, messages) {
  const counts = [readers, messages].map((count) => count.toLocaleString('en-GB'))
  return { name: `${counts[0]} readers of ${counts[1]} messages, ${words[way]}`, way, readers, messages }
}

/** The live load begins when all that replay are connected. */
async function replayBeside(server, load, live) {
  let busy
  const begin = (phase) => {
    if (phase === 'measuring') busy = step(server, live)
  }
  const times = { warmMs: 0, measureMs: longestMs }
  const replaying = {
    ...load,
    ...times,
    firstOffset: '-1',
    publishers: 0,
    lanes: filledLane + 1,
    checkEvery: 1,
    // A thousand replays take all of the generator's core, and the live ones are to be read when they hear.
    niceness: 19,
  }
  const replay = await step(server, replaying, begin)
  return { replay, busy: (await busy) ?? { wrong: replay.wrong } }
}
