import { deleteChannel, type ProblemError, read } from '@tidings/client/ways'
import { type Way, ways } from '@tidings/protocol'
import { describe, expect, test } from 'vitest'
import { createTestChannel, type TestChannel } from '../support/channel.js'
import { randomOf } from '../support/random.js'
import { RawWebSocket } from '../support/raw-client.js'
import { lastingPort } from '../support/spawned-server.js'
import { isListening, statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { onNode } from '../support/ways.js'

const aPort = () => lastingPort(randomOf(process.pid))

/** How a channel's history may end while its name goes on, with one message before and one after. */
const endings: Record<string, () => Promise<{ channel: TestChannel; oldOffset: string }>> = {
  'after a restart of the memory engine': async () => {
    const port = await aPort()
    const first = await startTestServer({ port })
    const oldOffset = await (await createTestChannel(first)).publish('before')
    await first.close()
    const channel = await createTestChannel(await startTestServer({ port }))
    await channel.publish('after')
    return { channel, oldOffset }
  },
  'when the channel was deleted and made again': async () => {
    const server = await startTestServer()
    const oldOffset = await (await createTestChannel(server)).publish('before')
    await deleteChannel({ server: server.url, channel: 'cake' })
    const channel = await createTestChannel(server)
    await channel.publish('after')
    return { channel, oldOffset }
  },
}

for (const [ending, make] of Object.entries(endings)) {
  describe(`${ending}, an old offset`, () => {
    for (const way of ways) {
      test(`is refused over ${way}, and the reader is told where to go on`, async () => {
        const { channel, oldOffset } = await make()
        const error = await problemOf(channel, way, oldOffset)
        expect(error).toMatchObject({ code: 'history-changed', status: 410 })
        const { earliestOffset, nextOffset } = error.facts
        expect(oldOffset < (earliestOffset as string)).toBe(true)
        expect(await messagesFrom(channel, way, earliestOffset as string)).toEqual(['after'])
        expect((earliestOffset as string) < (nextOffset as string)).toBe(true)
      })
    }

    test('is answered 410 with the good offsets in headers, an upgrade too', async () => {
      const { channel, oldOffset } = await make()
      for (const live of [[], [['live', 'long-poll']], [['live', 'sse']]]) {
        const answer = await fetch(channel.reading({ offset: oldOffset, ...Object.fromEntries(live) }))
        expect(answer.status).toBe(410)
        expect(answer.headers.get('stream-earliest-offset')).toMatch(/_0{16}$/)
        expect(answer.headers.get('stream-next-offset')).toMatch(/_0{15}1$/)
        expect(await answer.json()).toMatchObject({ code: 'history-changed' })
      }
      const headers = { 'last-event-id': oldOffset }
      const reconnect = await fetch(channel.reading({ offset: '-1', live: 'sse' }), { headers })
      expect(reconnect.status).toBe(410)
      const opening = RawWebSocket.open(channel.reading({ offset: oldOffset, live: 'websocket' }))
      await expect(opening).rejects.toThrow('410')
    })
  })
}

for (const way of ways) {
  test(`a reader that listens over ${way} through a restart of the memory engine is told, not fed another history`, async () => {
    const port = await aPort()
    const first = await startTestServer({ port })
    const channel = await createTestChannel(first)
    await channel.publish('before')
    const heard: unknown[] = []
    const reading = (async () => {
      const batches = read(channel, { way, intervalMs: 10, ...onNode })
      for await (const batch of batches) heard.push(...batch.messages)
    })()
    reading.catch(() => {})
    await statsOf(first).until(isListening[way])
    await first.close()
    const again = await createTestChannel(await startTestServer({ port }))
    await again.publish('after')
    // The channel is another one, or, asked for before it was made again, none.
    await expect(reading).rejects.toMatchObject({
      code: expect.stringMatching(/^(history-changed|channel-unknown)$/),
    })
    expect(heard).toEqual(['before'])
  })
}

test('an offset beyond the tail, or of a history that never was, is refused on every way', async () => {
  const channel = await createTestChannel(await startTestServer())
  const offset = await channel.publish('one')
  const beyond = offset.replace(/1$/, '2')
  const never = `0000000000000007_${offset.slice(17)}`
  for (const way of ways) {
    for (const wrong of [beyond, never]) {
      expect(await problemOf(channel, way, wrong)).toMatchObject({ code: 'history-changed' })
    }
  }
})

async function problemOf(channel: TestChannel, way: Way, offset: string): Promise<ProblemError> {
  try {
    for await (const batch of read(channel, { way, offset, ...onNode })) {
      throw new Error(`heard ${JSON.stringify(batch.messages)}`)
    }
  } catch (error) {
    return error as ProblemError
  }
  throw new Error('the reading ended')
}

async function messagesFrom(channel: TestChannel, way: Way, offset: string): Promise<readonly unknown[]> {
  for await (const batch of read(channel, { way, offset, ...onNode })) return batch.messages
  return []
}
