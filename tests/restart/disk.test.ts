import { closeChannel, head } from '@tidings/client/ways'
import { ways } from '@tidings/protocol'
import { startServer } from 'tidings'
import { expect, test } from 'vitest'
import { createTestChannel } from '../support/channel.js'
import { randomOf, seedOfRun } from '../support/random.js'
import { lastingPort, SpawnedServer } from '../support/spawned-server.js'
import { startTestServer, temporaryFolder } from '../support/test-server.js'
import { hearUntil, messagesIn } from '../support/ways.js'

const kinds = [
  {
    contentType: 'application/json',
    messages: ['one', { two: 2 }, [3]],
    texts: ['"one"', '{"two":2}', '[3]'],
  },
  { contentType: 'text/plain', messages: ['one', '\ntwo', 'drei ü'], texts: ['one', '\ntwo', 'drei ü'] },
  {
    contentType: 'image/png',
    messages: [Uint8Array.of(1), Uint8Array.of(0, 255), Uint8Array.of(3)],
    texts: ['\x01', '\x00\xff', '\x03'],
  },
]

for (const { contentType, messages, texts } of kinds) {
  test(`a restart on a disk keeps messages and offsets of ${contentType}, and what is published after goes on from there`, async () => {
    const data = await temporaryFolder()
    const first = await startTestServer({ engine: 'disk', data })
    const before = await createTestChannel(first, { contentType })
    const offsets = [await before.publish(messages[0]), await before.publish(messages[1])]
    await first.close()

    const channel = await createTestChannel(await startTestServer({ engine: 'disk', data }), { contentType })
    expect(await head(channel)).toMatchObject({ contentType, nextOffset: offsets[1], closed: false })
    const end = await channel.publish(messages[2])
    for (const way of ways) {
      for (const [index, offset] of ['-1', ...offsets].entries()) {
        const batches = await hearUntil(channel, { way, offset }, (heard) => heard.at(-1)?.nextOffset === end)
        const heard = messagesIn(batches).map(asText).join('')
        expect([way, offset, heard]).toEqual([way, offset, texts.slice(index).join('')])
      }
    }
  })
}

test('a restart on a disk keeps that a channel is closed, and what a producer has appended', async () => {
  const data = await temporaryFolder()
  const first = await startTestServer({ engine: 'disk', data })
  const open = await createTestChannel(first, { channel: 'open' })
  const shut = await createTestChannel(first, { channel: 'shut' })
  const append = (url: string) =>
    fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'producer-id': 'p',
        'producer-epoch': '0',
        'producer-seq': '0',
      },
      body: '"once"',
    })
  expect((await append(open.url)).status).toBe(200)
  const { nextOffset } = await closeChannel(shut)
  await first.close()

  const server = await startTestServer({ engine: 'disk', data })
  // The same append again, as by a publisher that was not told: a duplicate.
  expect((await append(`${server.url}/v1/stream/open`)).status).toBe(204)
  expect(await (await fetch(`${server.url}/v1/stream/open`)).json()).toEqual(['once'])
  expect(await head({ server: server.url, channel: 'shut' })).toMatchObject({ closed: true, nextOffset })
  const late = await fetch(`${server.url}/v1/stream/shut`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '1',
  })
  expect(late.status).toBe(409)
  expect(await late.json()).toMatchObject({ code: 'channel-closed' })
})

test('the second server on one data folder refuses to start and names the process that holds it', async () => {
  const data = await temporaryFolder()
  const port = await lastingPort(randomOf(seedOfRun()))
  const first = await SpawnedServer.start({ data, port })
  try {
    const refusal = new RegExp(`${escaped(data)}.*\\b${first.pid}\\b`, 's')
    await expect(startServer({ port: 0, data })).rejects.toThrow(refusal)
    await expect(SpawnedServer.start({ data, port: 0 })).rejects.toThrow(refusal)
    // The first one has noticed nothing.
    expect((await fetch(`${first.url}/v1/channels`)).status).toBe(200)
  } finally {
    await first.end('SIGTERM')
  }
  // Its folder is free as soon as it is gone.
  await startTestServer({ engine: 'disk', data })
})

test('the lock of a server that was killed holds nobody up', async () => {
  const data = await temporaryFolder()
  const first = await SpawnedServer.start({ data, port: 0 })
  await first.end('SIGKILL')
  await startTestServer({ engine: 'disk', data })
})

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

function asText(message: string | Uint8Array): string {
  return typeof message === 'string' ? message : Buffer.from(message).toString('latin1')
}
