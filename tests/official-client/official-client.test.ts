import {
  DurableStream,
  IdempotentProducer,
  type LiveMode,
  StaleEpochError,
  stream,
} from '@durable-streams/client'
import type { RunningServer } from 'tidings'
import { describe, expect, test } from 'vitest'
import { isListening, statsOf } from '../support/stats.js'
import { startTestServer, temporaryFolder } from '../support/test-server.js'
import { contentTypes, hear, type Kind, messageOf, textOf } from './kinds.js'

/** Catch-up only, and what hears on: `true` is the client's own choice. */
const liveModes: readonly LiveMode[] = ['long-poll', 'sse', true]
const modes: readonly LiveMode[] = [false, ...liveModes]
const kinds: readonly Kind[] = ['json', 'text', 'binary']

for (const engine of ['memory', 'disk'] as const) {
  describe(`the protocol's own client, with the ${engine} engine`, () => {
    const start = async () =>
      startTestServer({
        engine,
        longPollMs: 500,
        ...(engine === 'disk' && { data: await temporaryFolder() }),
      })

    for (const kind of kinds) {
      for (const live of liveModes) {
        test(`hears a ${kind} channel as ${live} from its beginning, on while more comes, to its end`, async () => {
          const server = await start()
          const { url, handle } = await create(server, kind)
          for (let index = 0; index < 3; index++) await handle.append(messageOf(kind, index).body)
          const hearing = hear(url, kind, { live, offset: '-1' })
          for (let index = 3; index < 8; index++) await handle.append(messageOf(kind, index).body)
          const { finalOffset } = await handle.close({ body: messageOf(kind, 8).body })
          const heard = await hearing
          expect(heard.text).toBe(textOf(kind, 0, 9))
          expect(heard).toMatchObject({ offset: finalOffset, closed: true })
          await statsOf(server).untilNothingIsHeld()
        })
      }

      test(`catches up with a ${kind} channel and stops, though it is open`, async () => {
        const { url, handle } = await create(await start(), kind)
        expect(await hear(url, kind, { live: false, offset: '-1' })).toMatchObject({
          text: '',
          closed: false,
        })
        for (let index = 0; index < 3; index++) await handle.append(messageOf(kind, index).body)
        const heard = await hear(url, kind, { live: false, offset: '-1' })
        expect(heard).toMatchObject({ text: textOf(kind, 0, 3), closed: false })
        const none = await hear(url, kind, { live: false, offset: heard.offset })
        expect(none).toEqual({ text: '', offset: heard.offset, closed: false })
      })

      test(`reads part of a ${kind} channel in one mode and the rest in another, each with each`, async () => {
        const server = await start()
        const { url, handle } = await create(server, kind)
        let count = 0
        let at = { text: '', offset: '-1' }
        const hop = async (live: LiveMode) => {
          const wanted = textOf(kind, count, count + 2)
          await handle.append(messageOf(kind, count++).body)
          const hearing = hear(url, kind, { live, offset: at.offset }, (text) => text.length >= wanted.length)
          // What is there comes at once; the live way is what brings the next.
          if (live !== false) {
            await statsOf(server).until(({ heldPolls, openStreams }) => heldPolls + openStreams > 0)
            await handle.append(messageOf(kind, count++).body)
          }
          at = await hearing
          expect([live, at.text]).toEqual([live, textOf(kind, count - (live === false ? 1 : 2), count)])
          expect(at.offset).toBe(await tailOf(handle))
          await statsOf(server).untilNothingIsHeld()
        }
        for (const first of modes) {
          for (const second of modes) for (const live of [first, second]) await hop(live)
        }
      })

      test(`appends many at once to a ${kind} channel in few requests, in their order`, async () => {
        const server = await start()
        const { url, handle } = await create(server, kind)
        await Promise.all(
          Array.from({ length: 100 }, (_, index) => handle.append(messageOf(kind, index).body)),
        )
        expect((await hear(url, kind, { live: false, offset: '-1' })).text).toBe(textOf(kind, 0, 100))
        const { ways } = await statsOf(server).now()
        expect(ways.publish.requests).toBeLessThan(20)
      })

      test(`its idempotent producer keeps each message of a ${kind} channel once, though answers get lost`, async () => {
        const { url, handle } = await create(await start(), kind)
        let requests = 0
        const fetchThatLoses: typeof fetch = async (...request) => {
          // The server has it, its answer does not arrive, and whoever is between sends it again.
          if (++requests % 3 === 0) await (await fetch(...request)).arrayBuffer()
          return fetch(...request)
        }
        const producer = new IdempotentProducer(handle, 'p1', {
          fetch: fetchThatLoses,
          lingerMs: 0,
          maxBatchBytes: 40,
          maxInFlight: 3,
        })
        for (let index = 0; index < 60; index++) producer.append(messageOf(kind, index).body)
        await producer.flush()
        await producer.close(messageOf(kind, 60).body)
        expect(requests).toBeGreaterThan(5)
        const heard = await hear(url, kind, { live: false, offset: '-1' })
        expect(heard).toMatchObject({ text: textOf(kind, 0, 61), closed: true })
      })

      test(`forks a ${kind} channel and goes its own way in both`, async () => {
        const server = await start()
        const { url, handle } = await create(server, kind)
        for (let index = 0; index < 3; index++) await handle.append(messageOf(kind, index).body)
        const offset = await tailOf(handle)
        await handle.append(messageOf(kind, 90).body)
        const fork = await DurableStream.create({
          url: `${server.url}/v1/stream/fork`,
          contentType: contentTypes[kind],
          headers: { 'Stream-Forked-From': '/v1/stream/cake', 'Stream-Fork-Offset': offset },
        })
        await fork.append(messageOf(kind, 3).body)
        await fork.close()
        for (const live of modes) {
          const heard = await hear(fork.url, kind, { live, offset: '-1' })
          expect(heard).toMatchObject({ text: textOf(kind, 0, 4), closed: true })
        }
        const own = await hear(url, kind, { live: false, offset })
        expect(own.text).toBe(textOf(kind, 90, 91))
      })
    }

    for (const live of liveModes) {
      test(`leaves nothing behind on the server when it cancels a read as ${live}`, async () => {
        const server = await start()
        const { url } = await create(server, 'json')
        const response = await stream({ url, live, offset: 'now' })
        response.subscribeJson(() => {})
        await statsOf(server).until(isListening[live === 'long-poll' ? 'long-poll' : 'sse'])
        response.cancel()
        await response.closed.catch(() => {})
        await statsOf(server).untilNothingIsHeld()
      })
    }

    test('is told what is there, what is closed, what is deleted and what exists otherwise', async () => {
      const server = await start()
      const { url, handle } = await create(server, 'json')
      expect(await handle.head()).toMatchObject({
        exists: true,
        contentType: contentTypes.json,
        streamClosed: false,
      })
      await expect(DurableStream.create({ url, contentType: 'text/plain' })).rejects.toMatchObject({
        status: 409,
      })
      const again = await DurableStream.create({ url, contentType: contentTypes.json })
      expect(again.contentType).toBe(contentTypes.json)
      await handle.close()
      expect(await handle.head()).toMatchObject({ streamClosed: true })
      await expect(handle.append('1')).rejects.toMatchObject({
        status: 409,
        headers: { 'stream-closed': 'true' },
      })
      await handle.delete()
      await expect(stream({ url, offset: '-1', live: false })).rejects.toMatchObject({ status: 404 })
      await expect(handle.delete()).rejects.toMatchObject({ status: 404 })
    })

    test('is refused with the offset of a channel that was made anew', async () => {
      const server = await start()
      const { url, handle } = await create(server, 'json')
      await handle.append('{"index":1}')
      const offset = await tailOf(handle)
      await handle.delete()
      await create(server, 'json')
      await expect(stream({ url, offset, live: false })).rejects.toMatchObject({ status: 410 })
    })

    test('is fenced when another has taken over its producer, and can claim it back', async () => {
      const { url, handle } = await create(await start(), 'json')
      const options = { lingerMs: 0 }
      const second = new IdempotentProducer(handle, 'p1', { ...options, epoch: 1 })
      second.append('{"index":1}')
      await second.flush()
      const errors: Error[] = []
      const first = new IdempotentProducer(handle, 'p1', {
        ...options,
        onError: (error) => errors.push(error),
      })
      first.append('{"index":2}')
      await first.flush().catch(() => {})
      expect(errors[0]).toBeInstanceOf(StaleEpochError)
      const third = new IdempotentProducer(handle, 'p1', { ...options, autoClaim: true })
      third.append('{"index":3}')
      await third.flush()
      expect(third.epoch).toBe(2)
      expect((await hear(url, 'json', { live: false, offset: '-1' })).text).toBe('1|3|')
    })

    test('is refused a sequence that does not grow', async () => {
      const { handle } = await create(await start(), 'text')
      await handle.append('one', { seq: 'a' })
      const refused = handle.append('two', { seq: 'a' })
      await expect(refused).rejects.toMatchObject({ status: 409 })
    })
  })
}

async function create(server: RunningServer, kind: Kind) {
  const url = `${server.url}/v1/stream/cake`
  const handle = await DurableStream.create({ url, contentType: contentTypes[kind] })
  return { url, handle }
}

async function tailOf(handle: DurableStream): Promise<string> {
  const head = await handle.head()
  return (head.exists && head.offset) || ''
}
