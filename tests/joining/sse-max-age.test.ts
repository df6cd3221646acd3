import { closeChannel, postPublisher } from '@tidings/client/ways'
import { expect, test } from 'vitest'
import { createTestChannel } from '../support/channel.js'
import { describeFaults } from '../support/history-checker.js'
import { HistoryRecorder, type PassLog, type PublisherLog } from '../support/history-recorder.js'
import { randomOf, seedOfRun } from '../support/random.js'
import { RawEventStream } from '../support/raw-client.js'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { hearAll, messagesIn } from '../support/ways.js'

// The same choices once more: SEED=<the seed that was printed>.
const seed = seedOfRun()
/** Ends by age that a reader lives through. */
const lives = 8

/** Each way to hear a channel by an event stream, from its tail; each event's messages as JSON texts. */
const forms = [
  {
    form: 'of the protocol',
    target: '/v1/stream/cake?live=sse&offset=now',
    messages: (data: string) => (data.startsWith('[') ? (JSON.parse(data) as unknown[]) : []),
  },
  {
    form: 'of single messages',
    target: '/v1/stream/cake?live=sse&offset=now&events=message',
    messages: (data: string) => [JSON.parse(data) as unknown],
  },
  {
    form: 'of several channels',
    target: '/v1/streams?stream=cake@now&stream=tea@now&live=sse',
    messages: (data: string) => (JSON.parse(data) as { messages?: unknown[] }).messages ?? [],
  },
]

/** The whole events of a stream, and the id in force behind them. @see HTML standard §9.2.6 */
function eventsOf(text: string, idBefore: string | undefined) {
  let id = idBefore
  const data: string[] = []
  for (const block of text.split('\n\n').slice(0, -1)) {
    const lines = block.split('\n')
    id = lines.findLast((line) => line.startsWith('id:'))?.slice(3) ?? id
    const own = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5))
    if (own.length > 0) data.push(own.join('\n'))
  }
  return { data, id }
}

test.each(forms)(
  'an EventSource $form, ended by its age again and again, hears every message once, in order',
  async ({ target, messages }) => {
    console.log(`SEED=${seed}`)
    const random = randomOf(seed)
    const server = await startTestServer({ sseMaxAgeMs: 30 })
    const channel = await createTestChannel(server)
    const tea = await createTestChannel(server, { channel: 'tea' })
    const history = new HistoryRecorder()
    // The channel is empty when it comes: from its tail is from the beginning.
    const pass = history.pass('EventSource', '-1')
    let ends = 0
    let publishing: Promise<void> | undefined
    let id: string | undefined
    for (;;) {
      const headers: Record<string, string> = id === undefined ? {} : { 'last-event-id': id }
      const stream = (await RawEventStream.open(`${server.url}${target}`, headers)).read()
      if (stream.response.statusCode === 204) break
      // A response that was cut, and not ended, would reject.
      await stream.ended
      const heard = eventsOf(stream.text, id)
      id = heard.id
      take(heard.data.flatMap(messages), pass)
      if (++ends === 1) {
        // It has heard nothing yet, and what comes while it is away is news to it.
        expect(pass.sightings).toEqual([])
        publishing = publish(channel, history.publisher('P'), random, () => ends >= lives)
      }
      if (ends === lives)
        await publishing?.then(() => Promise.all([closeChannel(channel), closeChannel(tea)]))
    }
    pass.hasReachedEnd = true
    expect(describeFaults(history.findFaults())).toBe('nothing wrong')
    expect(pass.sightings.length).toBeGreaterThan(lives)
  },
)

function take(messages: readonly unknown[], pass: PassLog): void {
  for (const message of messages) pass.sightings.push({ message: JSON.stringify(message) })
}

async function publish(
  address: { server: string; channel: string },
  log: PublisherLog,
  random: () => number,
  isEnough: () => boolean,
): Promise<void> {
  const publisher = postPublisher(address)
  for (let count = 0; !isEnough(); count++) {
    const message = `${count} ${'é'.repeat(random() ** 4 * 20_000)}`
    log.attempted(JSON.stringify(message))
    const { nextOffset } = await publisher.publish([message])
    log.acknowledged(JSON.stringify(message), nextOffset)
  }
  await publisher.stop()
}

test.each(forms)(
  'a stream $form ends as a whole, with where its reader is and a small retry',
  async (each) => {
    const server = await startTestServer({ sseMaxAgeMs: 20 })
    const channel = await createTestChannel(server)
    await createTestChannel(server, { channel: 'tea' })
    const tail = await channel.publish('heard before')
    const stream = (await RawEventStream.open(`${server.url}${each.target}`)).read()
    await stream.ended
    const [, id, retryMs] = /\n\nid:(.*)\nretry:(\d+)\n\n$/.exec(stream.text) ?? []
    expect(id?.split(',')[0]).toBe(tail)
    expect(Number(retryMs)).toBeLessThanOrEqual(500)
    await statsOf(server).untilNothingIsHeld()
  },
)

test('the client hears through ends by age as if there were none', async () => {
  const server = await startTestServer({ sseMaxAgeMs: 20 })
  const channel = await createTestChannel(server)
  const reading = hearAll(channel, { way: 'sse', offset: '-1' })
  const sent: string[] = []
  for (let life = 1; life <= 4; life++) {
    await statsOf(server).until(({ ways }) => ways.sse.requests >= life)
    await channel.publish(`first of ${life}`)
    await channel.publish(`second of ${life}`)
    sent.push(`"first of ${life}"`, `"second of ${life}"`)
  }
  await closeChannel(channel)
  expect(messagesIn(await reading)).toEqual(sent)
})

test('a server that stops tells a reader who has heard nothing where it is', async () => {
  const server = await startTestServer()
  const channel = await createTestChannel(server)
  const tail = await channel.publish('heard before')
  const stream = (await RawEventStream.open(channel.reading({ live: 'sse', offset: 'now' }))).read()
  await stream.has(/"upToDate":true/)
  await server.close()
  await stream.ended
  expect(stream.text).toMatch(new RegExp(`\\n\\nid:${tail}\\nretry:\\d+\\n\\n$`))
})
