import { setTimeout as sleep } from 'node:timers/promises'
import { startHearer } from './hearer.mjs'
import { judge } from './judge.mjs'
import { startNetwork } from './network.mjs'
import { startServer } from './server.mjs'

const perSecond = 20
const calmMs = 3_000
const outageMs = 10_000
/** Flow is waited for so long, and then listened to for a while. */
const longestMs = 40_000
const afterwardsMs = 5_000
const drainMs = 3_000
/** Waits before another attempt are random: each round hears with several. */
const clientsAtOnce = 3
const channel = 'cake'

const nowMs = () => performance.timeOrigin + performance.now()

/** All connections break and new ones are reset for ten seconds; who publishes is on the other side of it. */
async function outage({ line }) {
  line.breakDown()
  await sleep(outageMs)
  line.heal()
  return { possibleAtMs: nowMs() }
}

/** SIGTERM right after a message was acknowledged, and the server is started anew. Nothing is published meanwhile. */
async function restart({ server, publisher }) {
  await publisher.pause()
  const downMs = await server.restart()
  publisher.goOn()
  return { possibleAtMs: nowMs(), downMs }
}

const troubles = { outage, restart }

/**
 * @param name  `outage` or `restart`
 * @returns for each of three clients: how many numbered messages were lost, repeated or out of order, and how soon they
 *   flowed again
 */
export async function trouble(peer, name) {
  const server = await startServer(peer)
  await peer.prepare(server.port, channel)
  const line = await startNetwork(server.port)
  const clients = []
  for (let count = 0; count < clientsAtOnce; count++) clients.push(await startClient(peer, line))
  const publisher = startPublisher((n) => peer.publish(server.port, channel, n))
  try {
    await Promise.all(clients.map(({ hearsAfter }) => hearsAfter(0)))
    await sleep(calmMs)
    const { possibleAtMs, ...facts } = await troubles[name]({ line, server, publisher })
    const resumed = await Promise.all(clients.map(({ hearsAfter }) => hearsAfter(possibleAtMs)))
    await sleep(afterwardsMs)
    const sent = await publisher.stop()
    await sleep(drainMs)
    return clients.map(({ numbers, told }, at) => ({
      ...judge(numbers, sent),
      resumesAfterMs: resumed[at] ? resumed[at] - possibleAtMs : null,
      told,
      ...facts,
    }))
  } finally {
    await publisher.stop()
    for (const { hearer } of clients) await hearer.stop()
    line.stop()
    await server.stop()
  }
}

async function startClient(peer, line) {
  const hearer = await startHearer(peer)
  const numbers = []
  const told = []
  let newestAtMs = 0
  hearer.hear({ url: line.url, channel }, (said) => {
    if (said.told) told.push(said.told)
    if (said.n === undefined) return
    numbers.push(said.n)
    newestAtMs = said.atMs
  })
  /** @returns when the first message after that time was heard, or undefined when none was for long */
  const hearsAfter = async (sinceMs) => {
    const untilMs = performance.now() + longestMs
    while (performance.now() < untilMs) {
      // Messages come every 50 ms, and this looks far more often.
      if (newestAtMs > sinceMs) return newestAtMs
      await sleep(5)
    }
  }
  return { hearer, numbers, told, hearsAfter }
}

/** Publishes 0, 1, 2, … one after the other, each until the server has acknowledged it. */
function startPublisher(publish) {
  const acknowledged = []
  const unsure = new Set()
  let isOver = false
  let isPaused = false
  let goOn = () => {}
  let paused = () => {}
  const work = (async () => {
    let dueMs = performance.now()
    for (let n = 0; !isOver; ) {
      if (isPaused) {
        paused()
        await new Promise((resolve) => {
          goOn = resolve
        })
        dueMs = performance.now()
      }
      try {
        await publish(n)
        acknowledged.push(n)
        n++
      } catch {
        // It may be stored all the same: a repeat of it would be ours, not the client's.
        unsure.add(n)
      }
      dueMs += 1000 / perSecond
      await sleep(Math.max(0, dueMs - performance.now()))
    }
  })()
  return {
    pause: () =>
      new Promise((resolve) => {
        isPaused = true
        paused = resolve
      }),
    goOn() {
      isPaused = false
      goOn()
    },
    async stop() {
      isOver = true
      isPaused = false
      goOn()
      await work
      return { acknowledged, unsure }
    },
  }
}
