import { stream } from '@durable-streams/client'
import { closeChannel, type ReadBatch } from '@tidings/client/ways'
import { ways } from '@tidings/protocol'
import { describe, expect, test } from 'vitest'
import { createTestChannel } from './support/channel.js'
import { tailOf } from './support/fork.js'
import { RawEventStream } from './support/raw-client.js'
import { statsOf } from './support/stats.js'
import { startTestServer } from './support/test-server.js'
import { hearAll } from './support/ways.js'

const committedAt = 'stream-committed-at'

/** A server whose clock shows 1,000 ms more with each message, and a channel with three batches. */
async function threeBatches() {
  let nowMs = Date.UTC(2030, 0, 1)
  const server = await startTestServer({ now: () => nowMs })
  const channel = await createTestChannel(server)
  const times: number[] = []
  const publish = async (message: unknown) => {
    nowMs += 1_000
    times.push(nowMs)
    return channel.publish(message)
  }
  const offsets = [await publish(1), await publish(2), await publish(3)]
  return { server, channel, publish, times, offsets }
}

describe('when a batch was kept', () => {
  test('is told of the last one in an answer, in a header that pages may read', async () => {
    const { channel, times, offsets } = await threeBatches()
    const origin = 'http://localhost:5173'
    const of = async (query: Record<string, string>) => {
      const { headers } = await fetch(channel.reading(query), { headers: { origin } })
      expect(headers.get('access-control-expose-headers')).toContain(committedAt)
      return headers.get(committedAt)
    }
    const [first = '', second = '', third = ''] = offsets
    expect(await of({ offset: '-1' })).toBe(String(times[2]))
    expect(await of({ offset: second, live: 'long-poll' })).toBe(String(times[2]))
    expect(await of({ before: second, last: '5' })).toBe(String(times[1]))
    expect(await of({ before: first, last: '5' })).toBe(String(times[0]))
    // No batch, no time.
    expect(await of({ offset: third })).toBeNull()
    expect(await of({ offset: 'now' })).toBeNull()
    expect(await of({ offset: third, live: 'long-poll', timeout: '0' })).toBeNull()
    expect(await of({ before: '-1', last: '5' })).toBeNull()
  })

  test('is told by a long poll that was held, too', async () => {
    const { server, channel, publish, times } = await threeBatches()
    const held = fetch(channel.reading({ offset: 'now', live: 'long-poll' }))
    await statsOf(server).until(({ heldPolls }) => heldPolls === 1)
    await publish(4)
    expect((await held).headers.get(committedAt)).toBe(String(times[3]))
  })

  test('changes no tag: an answer of the same messages is the same', async () => {
    const { channel } = await threeBatches()
    const url = channel.reading({ offset: '-1' })
    const { headers } = await fetch(url)
    const again = await fetch(url, { headers: { 'if-none-match': headers.get('etag') ?? '' } })
    expect([again.status, again.headers.get(committedAt)]).toEqual([304, null])
  })

  test('stands in the control event of each batch of an event stream, and of none that follows no batch', async () => {
    const { server, channel, publish, times } = await threeBatches()
    const events = (await RawEventStream.open(channel.reading({ offset: '-1', live: 'sse' }))).read()
    await statsOf(server).until(({ listeners }) => listeners === 1)
    await publish(4)
    await closeChannel(channel)
    await events.ended
    const controls = [...events.text.matchAll(/^event: control\ndata:(.*)$/gm)].map(([, data]) =>
      JSON.parse(data as string),
    )
    const { length } = times
    expect(controls.map((control) => control.committedAt)).toEqual([...times.slice(0, length), undefined])
    expect(controls.at(-1)).toMatchObject({ streamClosed: true })
    const later = (
      await RawEventStream.open(channel.reading({ offset: await tailOf(channel), live: 'sse' }))
    ).read()
    await later.ended
    expect(later.text).not.toContain('committedAt')
  })

  test('does not trouble a client of the protocol that knows nothing of it', async () => {
    const { channel } = await threeBatches()
    await closeChannel(channel)
    const response = await stream({ url: channel.url, offset: '-1', live: 'sse' })
    expect(await response.json()).toEqual([1, 2, 3])
  })

  for (const way of ways) {
    test(`is what the client has of every batch, over ${way}`, async () => {
      const { channel, times } = await threeBatches()
      await closeChannel(channel)
      const heard: ReadBatch[] = await hearAll(channel, { way })
      const withMessages = heard.filter(({ messages }) => messages.length > 0)
      expect(withMessages.at(-1)?.committedAtMs).toBe(times[2])
      for (const batch of withMessages) expect(times).toContain(batch.committedAtMs)
      for (const batch of heard.filter(({ kind }) => kind === 'empty'))
        expect(batch.committedAtMs).toBeUndefined()
    })
  }
})

describe('a long poll', () => {
  test('with a timeout is held no longer than it says', async () => {
    const server = await startTestServer({ longPollMs: 55_000 })
    const channel = await createTestChannel(server)
    const ask = (timeout: string) => fetch(channel.reading({ offset: 'now', live: 'long-poll', timeout }))
    expect((await ask('0')).status).toBe(204)
    for (const timeout of ['', 'soon', '-1', '1.5', '1e3']) {
      const answer = await ask(timeout)
      expect(answer.status).toBe(400)
      expect(await answer.json()).toMatchObject({ code: 'timeout-invalid' })
    }
  })

  test('with a timeout is held no longer than the server holds any', async () => {
    const server = await startTestServer({ longPollMs: 0 })
    const channel = await createTestChannel(server)
    const answer = await fetch(channel.reading({ offset: 'now', live: 'long-poll', timeout: '99999' }))
    expect(answer.status).toBe(204)
  })
})
