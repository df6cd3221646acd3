import { type Clock, connect, type Surrounding, type Way } from '@tidings/client'
import { createChannel, postPublisher } from '@tidings/client/ways'
import { expect, onTestFinished, test } from 'vitest'
import { startTestServer } from '../support/test-server.js'
import { webSocket } from './support/socket-server.js'

const speed = 200

/** A minute of it takes 300 ms. */
const hastyClock: Clock = {
  now: () => performance.now() * speed,
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs / speed)
    return () => clearTimeout(timer)
  },
}

test('policy cost: quiet on long polls, busy on a WebSocket, hidden on slow polls, and back, without a gap', async () => {
  const server = await startTestServer({ longPollMs: 2_000 })
  const address = { server: server.url, channel: 'cake' }
  await createChannel(address)
  const publisher = postPublisher(address)
  let tell: (surrounding: Surrounding) => void = () => {}
  const tidings = connect(server.url, {
    webSocket,
    policy: 'cost',
    clock: hastyClock,
    // As much real time as without the haste, since the network is not hasty.
    answerMs: 10_000 * speed,
    surroundings: {
      watch(listener) {
        tell = listener
        return () => {}
      },
    },
  })
  onTestFinished(async () => {
    tidings.close()
    await publisher.stop()
  })
  const seen: Way[] = []
  let look = () => {}
  tidings.addEventListener('way', ({ detail }) => {
    seen.push(detail.way)
    look()
  })
  const way = (wanted: Way) =>
    new Promise<void>((resolve) => {
      look = () => tidings.way === wanted && resolve()
      tidings.addEventListener('state', () => look())
      look()
    })
  let published = 0
  const heard: unknown[] = []
  const hearing = (async () => {
    for await (const message of tidings.channel('cake', { offset: '-1' })) heard.push(message)
  })()
  const publishUntil = async (isDone: Promise<void>) => {
    let isOver = false
    void isDone.then(() => {
      isOver = true
    })
    while (!isOver) await publisher.publish([published++])
  }

  await way('long-poll')
  expect(seen).toEqual(['long-poll'])
  await publishUntil(way('websocket'))
  tell('hidden')
  await publishUntil(way('short-poll'))
  tell('woke')
  await publishUntil(way('websocket'))
  await way('long-poll')
  await publisher.publish([published++], { close: true })
  await hearing
  expect(heard).toEqual(Array.from({ length: published }, (_, n) => n))
})
