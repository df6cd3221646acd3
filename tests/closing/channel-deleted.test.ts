import { deleteChannel, ProblemError, read } from '@tidings/client/ways'
import { ways } from '@tidings/protocol'
import { describe, expect, test } from 'vitest'
import { createTestChannel } from '../support/channel.js'
import { RawEventStream, RawWebSocket } from '../support/raw-client.js'
import { standingDisk } from '../support/standing-disk.js'
import { isListening, statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { onNode } from '../support/ways.js'

describe('when a channel is deleted', () => {
  for (const way of ways) {
    test(`a reader that listens over ${way} is told that it is gone`, async () => {
      const server = await startTestServer()
      const channel = await createTestChannel(server)
      await channel.publish('one')
      const heard: unknown[] = []
      const reading = (async () => {
        const options = { way, intervalMs: 10, reconnectMs: 10, ...onNode }
        for await (const batch of read(channel, options)) heard.push(...batch.messages)
      })()
      reading.catch(() => {})
      await statsOf(server).until(isListening[way])
      await deleteChannel(channel)
      await expect(reading).rejects.toSatisfy(
        (error) => error instanceof ProblemError && error.code === 'channel-unknown',
      )
      expect(heard).toEqual(['one'])
      await statsOf(server).untilNothingIsHeld()
    })
  }

  test('a held poll is answered 404 at once, with the problem', async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server)
    const answer = fetch(channel.reading({ offset: '-1', live: 'long-poll' }))
    await statsOf(server).until(({ heldPolls }) => heldPolls === 1)
    await deleteChannel(channel)
    expect((await answer).status).toBe(404)
    expect(await (await answer).json()).toMatchObject({ code: 'channel-unknown' })
  })

  test('an event stream ends, and the EventSource that comes back is answered 404, which makes it stop', async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server)
    const last = await channel.publish('one')
    const url = channel.reading({ offset: '-1', live: 'sse' })
    const stream = (await RawEventStream.open(url)).read()
    await stream.has(/"upToDate":true/)
    await deleteChannel(channel)
    await stream.ended
    expect(stream.text).not.toContain('streamClosed')
    expect((await fetch(url, { headers: { 'last-event-id': last } })).status).toBe(404)
  })

  test('a plain WebSocket is closed and told why', async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server)
    const raw = await RawWebSocket.open(channel.reading({ live: 'websocket' }))
    await statsOf(server).until(({ listeners }) => listeners === 1)
    await deleteChannel(channel)
    expect(await raw.closed).toEqual({ code: 1008, reason: 'channel-unknown' })
  })

  test('a plain WebSocket that has not heard of it yet does not append to the next channel of that name', async () => {
    const server = await startTestServer()
    const disk = standingDisk()
    const channel = await createTestChannel(server)
    const raw = await RawWebSocket.open(channel.reading({ live: 'websocket' }))
    await statsOf(server).until(({ listeners }) => listeners === 1)
    disk.stand()
    const removed = fetch(channel.url, { method: 'DELETE' })
    while ((await fetch(channel.url, { method: 'HEAD' })).status !== 404);
    const made = fetch(channel.url, { method: 'PUT', headers: { 'content-type': 'application/json' } })
    // Refused as no message of it, once there is a channel to append to again.
    const probe = { method: 'POST', headers: { 'content-type': 'application/json' }, body: 'x' }
    while ((await fetch(channel.url, probe)).status !== 400);
    raw.send('"late"')
    expect(await raw.closed).toEqual({ code: 1008, reason: 'channel-unknown' })
    disk.goOn()
    await Promise.all([removed, made])
    expect(await (await fetch(channel.url)).json()).toEqual([])
  })

  test('a socket of tidings.v1 is told so, and may hear the next channel of that name', async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server)
    const raw = await RawWebSocket.open(`${server.url}/v1/socket`, 'tidings.v1')
    raw.send({ type: 'subscribe', channel: channel.channel, offset: '-1' })
    await statsOf(server).until(({ listeners }) => listeners === 1)
    await deleteChannel(channel)
    expect(await raw.envelope('deleted')).toEqual({ type: 'deleted', channel: channel.channel })
    const again = await createTestChannel(server)
    raw.send({ type: 'subscribe', channel: channel.channel, offset: '-1' })
    await again.publish('anew')
    const isNew = (text: string) => text.includes('"messages":["anew"]')
    for (let count = 1; !raw.messages.some(isNew); count++) await raw.has(count)
  })
})
