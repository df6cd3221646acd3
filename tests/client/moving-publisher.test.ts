import { createChannel, read } from '@tidings/client/ways'
import { expect, onTestFailed, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { connectionFailed } from '../../packages/client/src/problem-error.js'
import { ChannelPublisher, type PublisherPort } from '../../packages/client/src/publishing/publisher.js'
import { channelUrl, socketUrl } from '../../packages/client/src/wire/address.js'
import { ask } from '../../packages/client/src/wire/http.js'
import { pick, randomOf, seedOfRun } from '../support/random.js'
import { startTestServer } from '../support/test-server.js'

const backoff = { baseMs: 1, capMs: 8 }
const maxMessageBytes = 200

type Random = () => number

const aMoment = (random: Random) => new Promise((resolve) => setTimeout(resolve, random() * 4))

/** POSTs that are lost on their way, or answered and the answer lost. */
function shakyPort(url: URL, random: Random): PublisherPort {
  return {
    backoff,
    random,
    async post(headers, body, signal) {
      const fate = random()
      if (fate < 0.15) throw connectionFailed('Lost on its way.')
      const request = { method: 'POST' as const, headers, ...(body && { body }), signal, silenceMs: 5_000 }
      const answer = await ask(url, request, {})
      if (fate < 0.35) throw connectionFailed('The answer was lost.')
      return answer
    },
  }
}

/** Sockets that come and go: each is cut at some answer, which is lost with all that follow it, or taken away. */
class ShakySockets {
  readonly #server: string
  readonly #publisher: ChannelPublisher
  readonly #random: Random
  #socket: WebSocket | undefined
  #lastId = 0
  cuts = 0

  constructor(server: string, publisher: ChannelPublisher, random: Random) {
    this.#server = server
    this.#publisher = publisher
    this.#random = random
  }

  up(): Promise<void> {
    const socket = new WebSocket(socketUrl(this.#server), 'tidings.v1')
    this.#socket = socket
    return new Promise((resolve) => {
      socket.on('error', () => {})
      socket.on('close', resolve)
      socket.on('message', (data) => {
        if (socket !== this.#socket) return
        const envelope = JSON.parse(String(data))
        if (envelope.type === 'welcome') {
          this.#publisher.socketUp(
            (text) => socket.send(text),
            () => {
              this.#lastId += 1
              return this.#lastId
            },
          )
          resolve()
        } else if (this.#random() < 0.05) this.down()
        else this.#publisher.answered(envelope)
      })
    })
  }

  down(): void {
    if (!this.#socket) return
    this.cuts += 1
    this.#socket.terminate()
    this.#socket = undefined
    this.#publisher.socketDown()
  }
}

/** Publishes, while the sender changes. @returns what should be kept, in its order */
async function publishUnderMoves(publisher: ChannelPublisher, sockets: ShakySockets, random: Random) {
  const kept: string[] = []
  const calls: { published: Promise<unknown>; isBad: boolean }[] = []
  let isDone = false
  const moves = async () => {
    while (!isDone) {
      await aMoment(random)
      if (random() < 0.6) await sockets.up()
      else sockets.down()
    }
  }
  const moving = moves()
  for (let number = 0; number < 200; number += 1) {
    const isBad = random() < 0.04
    const messages = Array.from({ length: pick(random, [1, 1, 2, 3]) }, (_, index) => `${number}.${index}`)
    if (isBad) messages.push('x'.repeat(maxMessageBytes))
    else kept.push(...messages)
    calls.push({ published: publisher.publish(messages), isBad })
    if (random() < 0.3) await aMoment(random)
  }
  const answers = await Promise.allSettled(calls.map(({ published }) => published))
  isDone = true
  await moving
  sockets.down()
  expect(answers.map(({ status }) => status)).toEqual(
    calls.map(({ isBad }) => (isBad ? 'rejected' : 'fulfilled')),
  )
  const reasons = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason.code] : []))
  expect(new Set([...reasons, 'message-too-large'])).toEqual(new Set(['message-too-large']))
  return kept
}

async function messagesOf(address: { server: string; channel: string }): Promise<unknown[]> {
  const messages: unknown[] = []
  for await (const batch of read(address, { way: 'long-poll', kind: 'json' })) {
    messages.push(...batch.messages)
    if (batch.upToDate) break
  }
  return messages
}

test('between a socket and POSTs, both of which break, each message is kept once and in order', async () => {
  const seed = seedOfRun()
  onTestFailed(() => console.error(`SEED=${seed}`))
  const seen: unknown[] = []
  const see = (error: unknown) => seen.push(error)
  process.on('unhandledRejection', see)
  onTestFinished(() => {
    process.off('unhandledRejection', see)
  })
  const server = await startTestServer({ maxMessageBytes })
  let cuts = 0
  for (let round = 0; round < 8; round += 1) {
    const random = randomOf(seed + round)
    const address = { server: server.url, channel: `moving/${round}` }
    await createChannel(address)
    const publisher = new ChannelPublisher(address.channel, shakyPort(channelUrl(address), random))
    const sockets = new ShakySockets(server.url, publisher, random)
    const kept = await publishUnderMoves(publisher, sockets, random)
    publisher.stop()
    cuts += sockets.cuts
    expect(await messagesOf(address)).toEqual(kept)
  }
  expect(cuts).toBeGreaterThan(8)
  expect(seen).toEqual([])
})
