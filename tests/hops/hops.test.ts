import {
  type ChannelAddress,
  closeChannel,
  createChannel,
  postPublisher,
  type ReadBatch,
  read,
  socketPublisher,
} from '@tidings/client/ways'
import { ways } from '@tidings/protocol'
import { expect, test } from 'vitest'
import { describeFaults } from '../support/history-checker.js'
import { HistoryRecorder } from '../support/history-recorder.js'
import { pick, randomOf, seedOfRun } from '../support/random.js'
import { startTestServer } from '../support/test-server.js'
import { messagesIn, onNode } from '../support/ways.js'

// The same choices once more: SEED=<the seed that was printed>.
const seed = seedOfRun()
const hops = 60

const kinds = [
  {
    contentType: 'application/json',
    message: (index: number, random: () => number) => ({ index, text: 'é'.repeat(random() * 30) }),
  },
  {
    contentType: 'text/plain',
    // What an event stream could trip over: line breaks at either end, spaces first, the word of a field.
    message: (index: number, random: () => number) => `${pick(random, ['', ' ', '\n', 'data:'])}${index} ü\n`,
  },
  {
    contentType: 'application/octet-stream',
    message: (index: number, random: () => number) =>
      Uint8Array.from({ length: 1 + random() * 40 }, (_, at) => (at === 0 ? index : random() * 256)),
  },
]

for (const { contentType, message } of kinds) {
  test(`a reader of ${contentType} that changes way at random hears every message once, in order`, async () => {
    console.log(`SEED=${seed}`)
    const random = randomOf(seed)
    const server = await startTestServer({ longPollMs: 200 })
    const address = { server: server.url, channel: 'hops' }
    await createChannel(address, { contentType })
    const history = new HistoryRecorder()
    const load = new Load(address, contentType, history, (index) => message(index, random))
    const heard = await hop(address, history, load, random)

    const sent = load.published.map(bytesOf)
    expect(Buffer.concat(heard.map(bytesOf)).equals(Buffer.concat(sent))).toBe(true)
    // Only JSON comes message by message on every way: the others are run together over HTTP.
    if (contentType === 'application/json') expect(describeFaults(history.findFaults())).toBe('nothing wrong')
  })
}

/** Publishes one message after the other, over POST and over a socket in turn, while the reader hops. */
class Load {
  readonly published: (string | Uint8Array)[] = []
  readonly #publishers
  readonly #log
  readonly #message: (index: number) => unknown
  readonly #address: ChannelAddress
  #isOver = false

  constructor(
    address: ChannelAddress,
    contentType: string,
    history: HistoryRecorder,
    message: (index: number) => unknown,
  ) {
    this.#address = address
    this.#log = history.publisher('P')
    this.#message = message
    this.#publishers = [
      postPublisher(address, { contentType }),
      socketPublisher(address, { contentType, ...onNode }),
    ]
  }

  async run(): Promise<void> {
    while (!this.#isOver) await this.#publish()
    await Promise.all(this.#publishers.map((publisher) => publisher.stop()))
    await closeChannel(this.#address)
  }

  end(): void {
    this.#isOver = true
  }

  async #publish(): Promise<void> {
    const index = this.published.length
    const publisher = this.#publishers[index % 2]
    const value = this.#message(index)
    const text = typeof value === 'string' || value instanceof Uint8Array ? value : JSON.stringify(value)
    this.#log.attempted(String(text))
    const published = await publisher?.publish([value])
    this.#log.acknowledged(String(text), published?.nextOffset ?? '')
    this.published.push(text)
  }
}

/** Leaves after a few batches, or in the middle of whatever is going on when a few more were published. */
async function hop(
  address: ChannelAddress,
  history: HistoryRecorder,
  load: Load,
  random: () => number,
): Promise<(string | Uint8Array)[]> {
  const pass = history.pass('hopper', '-1')
  const heard: ReadBatch[] = []
  const publishing = load.run()
  for (let hopCount = 0; !pass.hasReachedEnd; hopCount++) {
    if (hopCount === hops) load.end()
    const leave = new AbortController()
    const patience = 1 + Math.floor(random() * 4)
    const isAbrupt = random() < 0.5 && hopCount < hops
    let batches = 0
    const reading = read(address, {
      way: pick(random, ways),
      offset: pass.offset,
      intervalMs: 5,
      signal: leave.signal,
      ...onNode,
    })
    for await (const batch of reading) {
      heard.push(batch)
      pass.saw(batch)
      if (++batches < patience || hopCount >= hops) continue
      if (!isAbrupt) break
      // Goes on hearing until the abort comes from elsewhere, between two batches or within one.
      setImmediate(() => leave.abort())
    }
  }
  await publishing
  return messagesIn(heard)
}

function bytesOf(message: string | Uint8Array): Uint8Array {
  return typeof message === 'string' ? Buffer.from(message) : message
}
