import {
  type ChannelAddress,
  closeChannel,
  createChannel,
  deleteChannel,
  type Publisher,
  postPublisher,
} from '@tidings/client/ways'
import { endedPlace, parseOffset } from '@tidings/protocol'
import type { RunningServer } from 'tidings'
import { expect, test } from 'vitest'
import { describeFaults } from '../support/history-checker.js'
import { HistoryRecorder, type PassLog, type PublisherLog } from '../support/history-recorder.js'
import { pick, randomOf, seedOfRun } from '../support/random.js'
import { RawEventStream } from '../support/raw-client.js'
import { startTestServer } from '../support/test-server.js'
import { type AnyEnvelope, eventsIn, poll, streamsUrl } from './support.js'

// The same choices once more: SEED=<the seed that was printed>.
const seed = seedOfRun()
const hops = 40
const contentTypes = ['application/json', 'text/plain', 'application/octet-stream'] as const

/** One of the channels, what was published to it and what was heard of it. */
class HeardChannel {
  readonly name: string
  readonly address: ChannelAddress
  readonly contentType: string
  readonly history = new HistoryRecorder()
  readonly pass: PassLog
  readonly #log: PublisherLog
  readonly #publisher: Publisher
  #count = 0
  isEnded = false

  constructor(server: RunningServer, name: string, contentType: string) {
    this.name = name
    this.contentType = contentType
    this.address = { server: server.url, channel: name }
    this.pass = this.history.pass('hopper', '-1')
    this.#log = this.history.publisher('P')
    this.#publisher = postPublisher(this.address, { contentType })
  }

  async publish(random: () => number): Promise<void> {
    const text = `${this.name} ${this.#count++} ${pick(random, ['', '\n', ' \r\n é', '"\\"', ':'])}`
    const isJson = this.contentType === 'application/json'
    const message = isJson ? JSON.stringify(text) : text
    this.#log.attempted(message)
    const value = this.contentType === 'application/octet-stream' ? Buffer.from(text) : text
    const { nextOffset } = await this.#publisher.publish([value])
    this.#log.acknowledged(message, nextOffset)
  }

  async close(): Promise<void> {
    await this.#publisher.stop()
    await closeChannel(this.address)
  }

  hear({ type, messages = [], nextOffset = '', encoding }: AnyEnvelope): void {
    expect(this.isEnded).toBe(false)
    expect(['data', 'closed']).toContain(type)
    const isJson = this.contentType === 'application/json'
    messages.forEach((message, index) => {
      const text = encoding ? Buffer.from(String(message), 'base64').toString() : String(message)
      this.pass.sightings.push({
        message: isJson ? JSON.stringify(message) : text,
        ...(isJson && { offset: offsetBefore(nextOffset, messages.length - 1 - index) }),
      })
    })
    this.pass.offset = nextOffset
    if (type === 'closed') this.isEnded = this.pass.hasReachedEnd = true
  }

  get place(): string {
    return this.isEnded ? endedPlace : this.pass.offset
  }
}

function offsetBefore(offset: string, count: number): string {
  const parsed = parseOffset(offset)
  if (parsed?.at !== 'offset') throw new Error(`${offset} is no offset of a message`)
  return `${offset.slice(0, 17)}${String(parsed.position - count).padStart(16, '0')}`
}

/** Takes envelopes to the channels that they are of. */
class Hopper {
  readonly #server: RunningServer
  readonly #channels: readonly HeardChannel[]
  readonly #random: () => number

  constructor(server: RunningServer, channels: readonly HeardChannel[], random: () => number) {
    this.#server = server
    this.#channels = channels
    this.#random = random
  }

  get open(): HeardChannel[] {
    return this.#channels.filter(({ isEnded }) => !isEnded)
  }

  async hop(): Promise<void> {
    const way = pick(this.#random, ['sse', 'sse', 'long-poll', 'short-poll'])
    if (way === 'sse') await this.#likeAnEventSource()
    else await this.#poll(way === 'long-poll' ? { live: 'long-poll' } : {})
  }

  async #poll(live: Record<string, string>): Promise<void> {
    for (let round = 0; round < 3 && this.open.length > 0; round++) {
      const { envelopes } = await poll(this.#url(this.open, live))
      for (const envelope of envelopes) this.#hear(envelope)
    }
  }

  /** Opens one URL, is cut after some bytes, also within an event, and comes back with the last id, again and again. */
  async #likeAnEventSource(): Promise<void> {
    const channels = this.open
    const url = this.#url(channels, { live: 'sse' })
    let id: string | undefined
    for (let connection = 0; connection < 4; connection++) {
      const headers: Record<string, string> = id === undefined ? {} : { 'last-event-id': id }
      const stream = (await RawEventStream.open(url, headers)).read()
      if (stream.response.statusCode === 204) {
        expect(channels.every(({ isEnded }) => isEnded)).toBe(true)
        return
      }
      const maxBytes = 40 + Math.floor(this.#random() ** 2 * 20_000)
      let isOver = false
      stream.ended.then(
        () => {
          isOver = true
        },
        () => {},
      )
      // A quiet stream is left too, at the sign of life.
      while (!isOver && stream.text.length < maxBytes && !stream.text.includes('\n:\n')) {
        await Promise.race([stream.more(), stream.ended])
      }
      stream.drop()
      const heard = eventsIn(isOver ? stream.text : stream.text.slice(0, maxBytes), id)
      for (const { envelope } of heard.events) this.#hear(envelope)
      id = heard.id
      // What the id says is where its reader is in each channel; at first it may stand before all.
      const places = id?.split(',') ?? []
      channels.forEach(({ pass, place }, index) => {
        if (id !== undefined && pass.offset !== '-1') expect(places[index]).toBe(place)
      })
    }
  }

  #hear(envelope: AnyEnvelope): void {
    const channel = this.#channels.find(({ name }) => name === envelope.channel)
    if (!channel) throw new Error(`${JSON.stringify(envelope)} is of no channel that was asked for`)
    channel.hear(envelope)
  }

  #url(channels: readonly HeardChannel[], live: Record<string, string>): string {
    const starts = Object.fromEntries(channels.map(({ name, pass }) => [name, pass.offset]))
    return streamsUrl(this.#server, starts, live)
  }
}

test('a reader of many channels that changes way and is cut at random hears every message of each once, in order', async () => {
  console.log(`SEED=${seed}`)
  const random = randomOf(seed)
  const server = await startTestServer({ longPollMs: 100, heartbeatMs: 100 })
  const channels = Array.from(
    { length: 9 },
    (_, index) => new HeardChannel(server, `c/${index}@x`, contentTypes[index % 3] as string),
  )
  for (const { address, contentType } of channels) await createChannel(address, { contentType })
  const hopper = new Hopper(server, channels, random)
  const left = [...channels]
  const publishOn = async () => {
    for (let hop = 0; left.length > 0; hop = hopCount) {
      await Promise.all(left.filter(() => random() < 0.4).map((channel) => channel.publish(random)))
      // Some are closed on the way, the rest when all hops are done.
      if (hop > hops || random() < 0.002) await left.shift()?.close()
    }
  }
  let hopCount = 0
  const publishing = publishOn()
  for (; hopper.open.length > 0; hopCount++) await hopper.hop()
  await publishing
  let heard = 0
  for (const { history, pass } of channels) {
    expect(describeFaults(history.findFaults())).toBe('nothing wrong')
    heard += pass.sightings.length
  }
  // A channel may close before much has come; all together they had something to say.
  expect(heard).toBeGreaterThan(channels.length)
  for (const { address } of channels) await deleteChannel(address)
})
