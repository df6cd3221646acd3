import type { RunningServer } from 'tidings'
import { describe, expect, test } from 'vitest'
import { createTestChannel } from '../support/channel.js'
import { tailOf } from '../support/fork.js'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { type AnyEnvelope, EnvelopeStream, poll, streamsUrl } from './support.js'

const offsets = { offsets: 'true' }
const none: Record<string, string> = {}
const maxAnswerBytes = 1.1 * 1024 * 1024

/** What an event, or a poll's envelope, holds at most: what clients take in one. */
const maxEnvelopeBytes = 32 * 1024

const withMessages = ({ messages = [] }: AnyEnvelope) => messages.length > 0

/** What each way tells of these channels from the beginning on. */
const readings: Readonly<
  Record<
    string,
    (server: RunningServer, names: readonly string[], more?: Record<string, string>) => Promise<AnyEnvelope[]>
  >
> = {
  'short polling': async (server, names, more = offsets) =>
    (await poll(streamsUrl(server, fromTheBeginning(names), more))).envelopes,
  'long polling': async (server, names, more = offsets) =>
    (await poll(streamsUrl(server, fromTheBeginning(names), { ...more, live: 'long-poll' }))).envelopes,
  SSE: async (server, names, more = offsets) => {
    const url = streamsUrl(server, fromTheBeginning(names), { ...more, live: 'sse' })
    const stream = await EnvelopeStream.open(url)
    await stream.isUpToDate(...names)
    return stream.envelopes
  },
}

const fromTheBeginning = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, '-1']))

describe.each(Object.entries(readings))('several channels over %s, with offsets', (_, read) => {
  test('bring with each message the offset after it, from where the next one is read', async () => {
    const server = await startTestServer()
    const contents = {
      json: ['application/json', [1, { two: [2] }, 'three']],
      text: ['text/plain', ['one', 'zwölf', 'three\nlines']],
      bytes: ['application/octet-stream', ['AAE=', 'AgM=', 'BA==']],
    } as const
    for (const [channel, [contentType, messages]] of Object.entries(contents)) {
      const { publish } = await createTestChannel(server, { channel, contentType })
      if (channel === 'json') await publish(...messages)
      else
        for (const each of messages)
          await publish(channel === 'text' ? each : Buffer.from(String(each), 'base64'))
    }
    const envelopes = (await read(server, Object.keys(contents))).filter(withMessages)
    for (const [channel, [, messages]] of Object.entries(contents)) {
      const told = envelopes.filter((envelope) => envelope.channel === channel)
      expect(told.flatMap((envelope) => envelope.messages)).toEqual(messages)
      for (const { offsets = [], messages = [], nextOffset } of told) {
        expect(offsets).toHaveLength(messages.length)
        expect(offsets.at(-1)).toBe(nextOffset)
      }
      for (const [index, offset] of told.flatMap(({ offsets = [] }) => offsets).entries()) {
        const { envelopes: rest } = await poll(streamsUrl(server, { [channel]: offset }))
        expect(rest.flatMap((envelope) => envelope.messages)).toEqual(messages.slice(index + 1))
      }
    }
  })

  test('bring none to who does not ask for them, or says so', async () => {
    const server = await startTestServer()
    await (await createTestChannel(server)).publish(1, 2)
    for (const more of [none, { offsets: 'false' }]) {
      const [data] = await read(server, ['cake'], more)
      expect(data).toMatchObject({ messages: [1, 2] })
      expect(data).not.toHaveProperty('offsets')
    }
  })
})

const many = (count: number) => Array.from({ length: count }, (_, n) => n)

/** Polls from the beginning until all is told. */
async function pollAll(server: RunningServer, more: Record<string, string>) {
  const heard: unknown[] = []
  const answers: string[] = []
  for (let offset = '-1', isBehind = true; isBehind; ) {
    const { envelopes, text } = await poll(streamsUrl(server, { cake: offset }, { ...offsets, ...more }))
    answers.push(text)
    heard.push(...envelopes.flatMap(({ messages = [] }) => messages))
    offset = envelopes.at(-1)?.nextOffset ?? offset
    isBehind = envelopes.some(({ upToDate }) => upToDate === false)
  }
  return { heard, answers }
}

test('answers are as large as without offsets, and all of it is told in the end', async () => {
  const server = await startTestServer()
  const cake = await createTestChannel(server)
  for (let part = 0; part < 10; part++)
    await cake.publish(
      ...many(50_000)
        .slice(part * 5_000)
        .slice(0, 5_000),
    )
  for (const more of [none, { live: 'long-poll' }]) {
    const { heard, answers } = await pollAll(server, more)
    expect(heard).toEqual(many(50_000))
    expect(answers.length).toBeGreaterThan(1)
    for (const text of answers) expect(text.length).toBeLessThan(maxAnswerBytes)
  }
  const stream = await EnvelopeStream.open(streamsUrl(server, { cake: '-1' }, { ...offsets, live: 'sse' }))
  await stream.isUpToDate('cake')
  expect(stream.messagesOf('cake')).toEqual(many(50_000))
  for (const { id, envelope } of stream.events) {
    expect(JSON.stringify(envelope).length).toBeLessThan(maxEnvelopeBytes)
    expect(id).toBe(envelope.nextOffset)
  }
})

test('a held poll is answered within its bounds by a commit that is small but for its offsets', async () => {
  const server = await startTestServer({ longPollMs: 55_000 })
  const cake = await createTestChannel(server)
  const from = await tailOf(cake)
  const waiting = poll(streamsUrl(server, { cake: from }, { ...offsets, live: 'long-poll' }))
  await statsOf(server).until(({ heldPolls }) => heldPolls === 1)
  await cake.publish(...many(50_000))
  const { envelopes, text } = await waiting
  expect(text.length).toBeLessThan(maxAnswerBytes)
  const told = envelopes.flatMap(({ messages = [] }) => messages)
  expect(told).toEqual(many(told.length))
  expect(told.length).toBeGreaterThan(10_000)
  expect(envelopes.at(-1)).toMatchObject({ upToDate: false })
})

test('a poll without them is another answer: neither has the tag of the other', async () => {
  const server = await startTestServer()
  const cake = await createTestChannel(server)
  await cake.publish(1)
  const from = await tailOf(cake)
  await cake.publish(2)
  const [plain, withOffsets] = [none, offsets].map((more) => streamsUrl(server, { cake: from }, more))
  const tagOf = async (url = '') => (await poll(url)).headers.get('etag') ?? ''
  const ask = async (url = '', tag = '') => (await poll(url, { 'if-none-match': tag })).status
  const [tag, tagWithOffsets] = [await tagOf(plain), await tagOf(withOffsets)]
  expect(tag).toMatch(/^".+"$/)
  expect([await ask(plain, tag), await ask(withOffsets, tagWithOffsets)]).toEqual([304, 304])
  expect([await ask(plain, tagWithOffsets), await ask(withOffsets, tag)]).toEqual([200, 200])
})
