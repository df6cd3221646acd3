import { setTimeout as sleep } from 'node:timers/promises'
import { startNetwork } from './network.mjs'
import { startServer } from './server.mjs'

const longestMs = 30_000
/** What an impatient user would still see as one thing: after it the next message is published. */
const pauseMs = 500
/** A case that takes its time is measured as often as these allow, and at least three times. */
const budgetMs = 130_000
const fewestRounds = 3

const nowMs = () => performance.timeOrigin + performance.now()

/**
 * From the call that connects until the message that waits in the channel is heard, and how old the next one is, which
 * is published half a second later. Each round has a channel and an origin of its own, so that nothing is connected or
 * remembered; the process is warm, after one round that does not count.
 *
 * @param startHearer  a process or a browser that hears: `startHearer(peer)`
 * @returns `{ rounds: [{ firstMs, way, nextMs, nextWay }] }`, where a figure that never came is null
 */
export async function firstMessage(peer, network, { rounds: count, startHearer, say }) {
  const server = await startServer(peer)
  const hearer = await startHearer(peer)
  const rounds = []
  const beginMs = performance.now()
  try {
    for (let round = 0; round <= count; round++) {
      const isLate = performance.now() - beginMs > budgetMs
      const isHopeless = rounds.length >= fewestRounds && rounds.every(({ firstMs }) => firstMs === null)
      if ((isLate && rounds.length >= fewestRounds) || isHopeless) break
      // The round that warms up is not behind a network that makes it wait.
      const measured = await oneRound(peer, round === 0 ? {} : network, {
        server,
        hearer,
        channel: `cake-${round}`,
      })
      if (round > 0) rounds.push(measured)
      if (round > 0) say(`    ${JSON.stringify(measured)}`)
    }
  } finally {
    await hearer.stop()
    await server.stop()
  }
  return { rounds }
}

async function oneRound(peer, network, { server, hearer, channel }) {
  await peer.prepare(server.port, channel)
  await (peer.leaveWaiting ?? peer.publish)(server.port, channel, 0)
  const line = await startNetwork(server.port, network)
  const ways = []
  const told = []
  const heard = new Map()
  const watchers = new Set()
  hearer.hear({ url: line.url, channel }, (said) => {
    if (said.way) ways.push(said)
    if (said.told) told.push(said.told)
    if (said.n !== undefined && !heard.has(said.n)) heard.set(said.n, { ...said, way: ways.at(-1)?.way })
    for (const watcher of [...watchers]) watcher()
  })
  const hears = async (n) => {
    const untilMs = performance.now() + longestMs
    while (!heard.has(n) && performance.now() < untilMs) await next(watchers, untilMs - performance.now())
    return heard.get(n)
  }
  const first = await hears(0)
  let second
  let publishedMs
  if (first) {
    await sleep(pauseMs)
    publishedMs = nowMs()
    await peer.publish(server.port, channel, 1)
    second = await hears(1)
  }
  hearer.rest()
  line.stop()
  return {
    firstMs: first ? first.afterMs : null,
    nextMs: second ? second.atMs - publishedMs : null,
    way: ways.map(({ way, afterMs }) => `${way} ${Math.round(afterMs)}`).join(', '),
    ...(told.length > 0 && { told }),
  }
}

function next(watchers, longestMs) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, longestMs)
    watchers.add(done)
    function done() {
      clearTimeout(timer)
      watchers.delete(done)
      resolve()
    }
  })
}
