import { createChannel, postPublisher } from '@tidings/client/ways'
import { type Way, ways } from '@tidings/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startTestServer } from '../../support/test-server.js'
import { client, expectNothingUncaught, pause, take } from './hostile-server.js'

expectNothingUncaught()

async function open(channel: string, contentType = 'application/json') {
  const server = await startTestServer({ longPollMs: 300 })
  const address = { server: server.url, channel }
  await createChannel(address, { contentType })
  const publisher = postPublisher(address)
  onTestFinished(() => publisher.stop())
  return { server, publisher }
}

const far = '9999999999999999_9999999999999999'

describe.each(ways)('over %s', (way: Way) => {
  test.each([
    ['offset', 'rubbish'],
    ['offset', ''],
    ['offset', '1_2'],
    ['offset', far],
    ['last', -1],
    ['last', 2.5],
    ['last', Number.NaN],
    ['last', 10_001],
    ['since', 'yesterday'],
    ['since', new Date(Number.NaN)],
    ['since', new Date(8.64e15)],
  ])('a start that is none (%s: %s) ends its own iteration, and no other', async (option, value) => {
    const { server, publisher } = await open('cake')
    const tidings = client(server.url, { ways: way })
    const heard = take(tidings.channel('cake', { offset: '-1' }), 2)
    await publisher.publish([1])
    const wrong = take(tidings.channel('tea', { [option]: value }), 1)
    await expect(wrong).rejects.toMatchObject({
      name: 'ProblemError',
      code: 'offset-malformed',
      message: expect.stringContaining(option),
    })
    await publisher.publish([2])
    expect(await heard).toEqual([1, 2])
    expect(tidings.state).not.toBe('closed')
  })

  test('each way to write a start is taken', async () => {
    const { server, publisher } = await open('cake')
    const before = new Date()
    const { nextOffset } = await publisher.publish([1, 2])
    await publisher.publish([3])
    const tidings = client(server.url, { ways: way })
    for (const [start, first] of [
      [{ offset: '-1' }, 1],
      [{ offset: '0000000000000000_0000000000000000' }, 1],
      [{ offset: nextOffset }, 3],
      [{ last: 2 }, 2],
      [{ since: before }, 1],
      [{ since: before.toISOString().replace('Z', '+00:00') }, 1],
    ] as const) {
      expect(await take(tidings.channel('cake', start), 1), JSON.stringify(start)).toEqual([first])
    }
  })

  test.each([
    ['application/json', [1, 'two', { three: 3 }, ['fünf'], null]],
    ['text/plain', ['a', 'zwei', 'drei 🍰', 'v\r\nier', 'fünf']],
    ['application/octet-stream', ['a', 'bb', 'c\u0000c', 'd', 'eeee']],
  ])('each offset of %s is exact, through a fork, wherever it starts', async (contentType, messages) => {
    const isBinary = contentType.endsWith('stream')
    const post = (channel: string, message: unknown) =>
      fetch(`${server.url}/v1/stream/${channel}`, {
        method: 'POST',
        headers: { 'content-type': contentType },
        body: contentType === 'application/json' ? JSON.stringify([message]) : String(message),
      })
    const server = await startTestServer({ longPollMs: 300 })
    await createChannel({ server: server.url, channel: 'source' }, { contentType })
    for (const message of messages.slice(0, 3)) await post('source', message)
    await fetch(`${server.url}/v1/stream/fork`, {
      method: 'PUT',
      headers: { 'stream-forked-from': '/v1/stream/source' },
    })
    for (const message of messages.slice(3)) await post('fork', message)
    const plain = (data: unknown) => (isBinary ? Buffer.from(data as Uint8Array).toString() : data)
    const tidings = client(server.url, { ways: way })
    const events = await take(tidings.channel('fork').events({ offset: '-1' }), 5)
    expect(events.map(({ data }) => plain(data))).toEqual(messages)
    for (const start of [...events.slice(0, 4).map(({ offset }) => ({ offset })), { last: 2 }, { last: 4 }]) {
      const rest = await take(tidings.channel('fork').events(start), 'last' in start ? start.last : 1)
      const at = events.findIndex(({ offset }) => offset === rest[0]?.offset)
      expect(rest.map(({ data }) => plain(data))).toEqual(messages.slice(at, at + rest.length))
      expect(rest.map(({ offset }) => offset)).toEqual(
        events.slice(at, at + rest.length).map(({ offset }) => offset),
      )
      if ('offset' in start) expect(at).toBe(events.findIndex(({ offset }) => offset === start.offset) + 1)
    }
  })

  test('a hundred channels, some of long names, are heard, while some are left and heard again', async () => {
    const server = await startTestServer({ longPollMs: 300 })
    const names = Array.from({ length: 100 }, (_, index) => {
      const name = `${index}/@?&=+ %/${'ü'.repeat(index % 10 === 0 ? 480 : 2)}`
      return name
    })
    const publishers = await Promise.all(
      names.map(async (channel) => {
        const address = { server: server.url, channel }
        await createChannel(address)
        return postPublisher(address)
      }),
    )
    onTestFinished(async () => {
      await Promise.all(publishers.map((publisher) => publisher.stop()))
    })
    const tidings = client(server.url, { ways: way })
    const heard = names.map((name, index) => {
      const channel = tidings.channel(name, { offset: '-1' })
      return index % 3 === 0
        ? take(channel, 1).then(async (one) => [...one, ...(await take(channel, 2))])
        : take(channel, 3)
    })
    for (const n of [1, 2, 3]) await Promise.all(publishers.map((publisher) => publisher.publish([n])))
    expect(await Promise.all(heard)).toEqual(names.map(() => [1, 2, 3]))
  })

  test('a channel that is left and heard anew in one turn goes on, and nothing of the old hearing is told', async () => {
    const { server, publisher } = await open('cake')
    await publisher.publish([1, 2, 3])
    const tidings = client(server.url, { ways: way })
    const stay = take(tidings.channel('cake', { offset: '-1' }), 4)
    for (let round = 0; round < 20; round++) {
      const abort = new AbortController()
      const first = take(tidings.channel('cake', { offset: '-1', signal: abort.signal }), 3)
      if (round % 2) await pause(1)
      abort.abort()
      const second = take(tidings.channel('cake', { last: 1 }), 1)
      expect([[], [1, 2, 3]]).toContainEqual(await first)
      expect(await second).toEqual([3])
    }
    await publisher.publish([4])
    expect(await stay).toEqual([1, 2, 3, 4])
  })
})
