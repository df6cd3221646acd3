import { head, postPublisher, read } from '@tidings/client/ways'
import { ways } from '@tidings/protocol'
import { expect, test } from 'vitest'
import { createTestChannel } from '../support/channel.js'
import { RawWebSocket } from '../support/raw-client.js'
import { standingDisk } from '../support/standing-disk.js'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { onNode } from '../support/ways.js'

test('nothing is heard, told or acknowledged before it is kept, on any way', async () => {
  const server = await startTestServer()
  const disk = standingDisk()
  const channel = await createTestChannel(server)
  const start = await channel.publish('kept')
  const events: string[] = []
  const leave = new AbortController()
  const reading = ways.map(async (way) => {
    const options = { way, offset: start, intervalMs: 5, signal: leave.signal, ...onNode }
    for await (const batch of read(channel, options)) {
      for (const message of batch.messages) events.push(`${message} heard over ${way}`)
      if (batch.messages.length > 0) break
    }
  })
  await statsOf(server).until(({ listeners }) => listeners === 3)
  const answersBefore = (await statsOf(server).now()).ways['short-poll'].requests

  disk.stand()
  const publishing = postPublisher(channel)
    .publish(['on its way'])
    .then(() => events.push('acknowledged'))
  const socket = await RawWebSocket.open(`${server.url}/v1/socket`, 'tidings.v1')
  socket.send({ type: 'publish', id: 1, channel: channel.channel, messages: ['on its way, too'] })
  // Both are in the server's hands, and the short poller has asked since.
  await statsOf(server).until(
    ({ ways }) => ways.publish.requests === 2 && ways['short-poll'].requests > answersBefore + 3,
  )
  socket.send({ type: 'ping' })
  await socket.envelope('pong')
  expect((await head(channel)).nextOffset).toBe(start)
  const tail = await fetch(channel.reading({ offset: 'now' }))
  expect(tail.headers.get('stream-next-offset')).toBe(start)
  expect(await (await fetch(channel.url)).json()).toEqual(['kept'])
  expect(socket.messages.map((text) => JSON.parse(text).type)).toEqual(['welcome', 'pong'])
  expect(events).toEqual([])

  disk.goOn()
  await Promise.all([...reading, publishing])
  await socket.envelope('published')
  for (const way of ways) expect(events).toContain(`on its way heard over ${way}`)
  expect(events).toContain('acknowledged')
})

test('a repeated append is acknowledged only when its original is kept', async () => {
  const server = await startTestServer()
  const disk = standingDisk()
  const channel = await createTestChannel(server)
  const append = () =>
    fetch(channel.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'producer-id': 'p',
        'producer-epoch': '0',
        'producer-seq': '0',
      },
      body: '"once"',
    })
  disk.stand()
  const answered: number[] = []
  const original = append().then(({ status }) => answered.push(status))
  await statsOf(server).until(({ ways }) => ways.publish.requests === 1)
  const repeated = append().then(({ status }) => answered.push(status))
  await statsOf(server).until(({ ways }) => ways.publish.requests === 2)
  await statsOf(server).now()
  expect(answered).toEqual([])
  disk.goOn()
  await Promise.all([original, repeated])
  expect(answered.sort()).toEqual([200, 204])
  expect(await (await fetch(channel.url)).json()).toEqual(['once'])
})

test('a refusal for its content type tells that the channel is closed only when that is kept', async () => {
  const server = await startTestServer()
  const disk = standingDisk()
  const channel = await createTestChannel(server)
  disk.stand()
  const post = (headers: Record<string, string>, body?: string) =>
    fetch(channel.url, { method: 'POST', headers, ...(body !== undefined && { body }) })
  const answered: string[] = []
  const ask = async (what: string, headers: Record<string, string>, body?: string) => {
    const answer = await post(headers, body)
    const text = await answer.text()
    answered.push(
      `${what} ${answer.status} ${text === '' ? '' : (JSON.parse(text) as { code: string }).code}`,
    )
  }
  const closing = ask('close', { 'stream-closed': 'true' })
  await statsOf(server).until(({ ways }) => ways.publish.requests === 1)
  const wrong = ask('wrong', { 'content-type': 'text/plain' }, 'x')
  await statsOf(server).until(({ ways }) => ways.publish.requests === 2)
  // On the wire an answer would have come by now: others, asked later, have theirs.
  for (let look = 0; look < 10; look++) await fetch(channel.url, { method: 'HEAD' })
  expect(answered).toEqual([])
  disk.goOn()
  await Promise.all([closing, wrong])
  expect(answered.sort()).toEqual(['close 204 ', 'wrong 409 channel-closed'])
})
