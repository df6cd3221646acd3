import { setTimeout as sleep } from 'node:timers/promises'
import { startHearer } from './hearer.mjs'
import { startNetwork } from './network.mjs'
import { startServer } from './server.mjs'

const perSecond = 20
const calmMs = 3_000
const outageMs = 10_000
/** Flow is waited for so long, and then listened to for a while. */
const longestMs = 40_000
const afterwardsMs = 5_000
const drainMs = 3_000
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
 * @returns how many numbered messages were lost, repeated or out of order, and how soon they flowed again
 */
export async function trouble(peer, name) {
  const server = await startServer(peer)
  await peer.prepare(server.port, channel)
  const line = await startNetwork(server.port)
  const hearer = await startHearer(peer)
  const heard = []
  const told = []
  hearer.hear({ url: line.url, channel }, (said) => {
    if (said.n !== undefined) heard.push(said)
    if (said.told) told.push(said.told)
  })
  const publisher = startPublisher((n) => peer.publish(server.port, channel, n))
  try {
    const calmUntilMs = performance.now() + longestMs
    while (heard.length === 0 && performance.now() < calmUntilMs) await sleep(20)
    await sleep(calmMs)
    const { possibleAtMs, ...facts } = await troubles[name]({ line, server, publisher })
    const resumed = await firstAfter(heard, possibleAtMs)
    if (resumed) await sleep(afterwardsMs)
    const sent = await publisher.stop()
    await sleep(drainMs)
    const resumesAfterMs = resumed ? resumed.atMs - possibleAtMs : null
    return { ...judge(heard, sent), resumesAfterMs, told, ...facts }
  } finally {
    await publisher.stop()
    await hearer.stop()
    line.stop()
    await server.stop()
  }
}

async function firstAfter(heard, sinceMs) {
  const untilMs = performance.now() + longestMs
  while (performance.now() < untilMs) {
    const found = heard.find(({ atMs }) => atMs > sinceMs)
    if (found) return found
    await sleep(5)
  }
}

/** Numbers are counted from the first one that was heard: who joins later misses nothing. */
function judge(heard, { acknowledged, unsure }) {
  const numbers = heard.map(({ n }) => n)
  const seen = new Set()
  let repeated = 0
  let disordered = 0
  let largest = -1
  for (const n of numbers) {
    if (seen.has(n)) repeated += unsure.has(n) ? 0 : 1
    else if (n < largest) disordered++
    seen.add(n)
    largest = Math.max(largest, n)
  }
  const due = acknowledged.filter((n) => n >= numbers[0])
  const lost = due.filter((n) => !seen.has(n)).length
  return { published: due.length, lost, repeated, disordered, unsure: unsure.size }
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
