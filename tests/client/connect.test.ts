import { connect, type TidingsDetails } from '@tidings/client'
import { createChannel, postPublisher } from '@tidings/client/ways'
import { ways } from '@tidings/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startTestServer } from '../support/test-server.js'
import { webSocket } from './support/socket-server.js'

async function shop(options: Parameters<typeof connect>[1] = {}) {
  const server = await startTestServer({ longPollMs: 2_000 })
  const address = { server: server.url, channel: 'cake' }
  await createChannel(address)
  const publisher = postPublisher(address)
  const tidings = connect(server.url, { webSocket, intervalMs: 20, ...options })
  onTestFinished(async () => {
    tidings.close()
    await publisher.stop()
  })
  return { server, address, publisher, tidings }
}

async function take<T>(messages: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = []
  for await (const message of messages) {
    taken.push(message)
    if (taken.length === count) break
  }
  return taken
}

describe('connect', () => {
  test('hears messages in their order, beginning where it was asked to', async () => {
    const { publisher, tidings } = await shop()
    await publisher.publish([1, 2, 3])
    expect(await take(tidings.channel('cake', { offset: '-1' }), 3)).toEqual([1, 2, 3])
    expect(await take(tidings.channel('cake', { last: 1 }), 1)).toEqual([3])
  })

  test('starts on what is certain, and moves up to the best way that works', async () => {
    const { publisher, tidings } = await shop()
    const seen: TidingsDetails['way'][] = []
    const isUp = new Promise<void>((resolve) => {
      tidings.addEventListener('way', ({ detail }) => {
        seen.push(detail)
        if (detail.way === 'websocket') resolve()
      })
    })
    const heard = take(tidings.channel('cake', { offset: '-1' }), 4)
    await publisher.publish([1, 2])
    await isUp
    await publisher.publish([3, 4])
    expect(await heard).toEqual([1, 2, 3, 4])
    expect(tidings.way).toBe('websocket')
    expect(seen.at(-1)).toMatchObject({ way: 'websocket' })
  })

  test.each(ways)('hears over %s alone when that is forced', async (way) => {
    const { publisher, tidings } = await shop({ ways: way })
    const heard = take(tidings.channel('cake', { offset: '-1' }), 3)
    await publisher.publish([1])
    await publisher.publish([2, 3])
    expect(await heard).toEqual([1, 2, 3])
    expect(tidings.way).toBe(way)
  })

  test('tells the offset after each message, and goes on from it', async () => {
    const { publisher, tidings } = await shop()
    await publisher.publish(['a', 'b', 'c'])
    const channel = tidings.channel('cake', { offset: '-1' })
    const [first, second] = await take(channel.events(), 2)
    expect(channel.offset).toBe(second?.offset)
    expect(second?.committedAt).toBeInstanceOf(Date)
    expect(await take(channel, 1)).toEqual(['c'])
    expect(await take(tidings.channel('cake').events({ offset: first?.offset as string }), 2)).toMatchObject([
      { data: 'b' },
      { data: 'c' },
    ])
  })

  test('ends the iteration when the channel is closed, when its signal aborts, and when the client is closed', async () => {
    const { publisher, tidings } = await shop()
    const abort = new AbortController()
    const aborted = take(tidings.channel('cake', { signal: abort.signal }), 1)
    abort.abort()
    expect(await aborted).toEqual([])
    const toTheEnd = take(tidings.channel('cake', { offset: '-1' }), 9)
    await publisher.publish(['last'], { close: true })
    expect(await toTheEnd).toEqual(['last'])
    await createChannel({ server: tidings.url, channel: 'tea' })
    const cut = take(tidings.channel('tea'), 1)
    tidings.close()
    expect(await cut).toEqual([])
    expect(await take(tidings.channel('tea'), 1)).toEqual([])
    expect(tidings.state).toBe('closed')
  })

  test('lets two iterations of one channel go on beside each other', async () => {
    const { publisher, tidings } = await shop()
    const one = take(tidings.channel('cake', { offset: '-1' }), 2)
    const other = take(tidings.channel('cake', { offset: '-1' }), 2)
    await publisher.publish([1, 2])
    expect(await Promise.all([one, other])).toEqual([
      [1, 2],
      [1, 2],
    ])
  })
})

test('a gap is told, and goes on as the program chose', async () => {
  const { publisher, tidings } = await shop()
  await publisher.publish([1, 2])
  const gone = '0000000000000001_0000000000000001'
  await expect(take(tidings.channel('cake', { offset: gone }), 1)).rejects.toMatchObject({
    code: 'history-changed',
  })
  const gaps: unknown[] = []
  const channel = tidings.channel('cake', { offset: gone, onGap: () => 'earliest' })
  channel.addEventListener('gap', ({ detail }) => gaps.push(detail))
  expect(await take(channel, 2)).toEqual([1, 2])
  expect(gaps).toMatchObject([{ code: 'history-changed', channel: 'cake', offset: gone, choice: 'earliest' }])
  const latest = take(tidings.channel('cake', { offset: gone, onGap: () => 'latest' }).events(), 1)
  // Published until it is heard: where the tail was when it joined is not known here.
  let isHeard = false
  const heard = latest.then((events) => {
    isHeard = true
    return events
  })
  for (let n = 3; !isHeard; n++) await publisher.publish([n])
  expect((await heard)[0]?.data).toBeGreaterThan(2)
})

test('what is thrown by the choice itself ends the iteration, and nothing else', async () => {
  const { publisher, tidings } = await shop()
  const mistake = new Error('a mistake of the program')
  const onGap = () => {
    throw mistake
  }
  const gone = '0000000000000001_0000000000000001'
  await expect(take(tidings.channel('cake', { offset: gone, onGap }), 1)).rejects.toBe(mistake)
  await publisher.publish([1])
  expect(await take(tidings.channel('cake', { offset: '-1' }), 1)).toEqual([1])
})

test('a consumer that is slow holds a bounded part, and hears all in order', async () => {
  const { publisher, tidings } = await shop()
  const text = 'x'.repeat(1_000)
  const heard: number[] = []
  const channel = tidings.channel<{ n: number }>('cake', { offset: '-1', maxQueuedLength: 20_000 })
  const done = (async () => {
    for await (const { n } of channel) {
      heard.push(n)
      if (n % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      if (n === 499) break
    }
  })()
  for (let n = 0; n < 500; n++) await publisher.publish([{ n, text }])
  await done
  expect(heard).toEqual(Array.from({ length: 500 }, (_, n) => n))
})

describe('what waiting can not help', () => {
  test('an unknown channel ends its iteration, and no other', async () => {
    const { publisher, tidings } = await shop()
    await expect(take(tidings.channel('nothing'), 1)).rejects.toMatchObject({
      code: 'channel-unknown',
      status: 404,
    })
    await publisher.publish([1])
    expect(await take(tidings.channel('cake', { offset: '-1' }), 1)).toEqual([1])
  })

  test('a message that does not pass the schema ends the iteration, and says where to go on', async () => {
    const { publisher, tidings } = await shop()
    await publisher.publish([1, 'two', 3])
    const schema = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: (value: unknown) =>
          typeof value === 'number' ? { value } : { issues: [{ message: 'not a number' }] },
      },
    }
    const channel = tidings.channel<number>('cake', { offset: '-1', schema })
    const heard: number[] = []
    const error = await (async () => {
      for await (const message of channel) heard.push(message)
    })().catch((thrown: unknown) => thrown)
    expect(heard).toEqual([1])
    expect(error).toMatchObject({ code: 'message-unexpected' })
    const { nextOffset } = (error as { facts: { nextOffset: string } }).facts
    expect(await take(channel.events({ offset: nextOffset }), 1)).toMatchObject([{ data: 3 }])
  })

  test('an address that is none, and a name that no server takes, are refused at once', async () => {
    expect(() => connect('nowhere')).toThrow(expect.objectContaining({ code: 'address-invalid' }))
    const { tidings } = await shop()
    expect(() => tidings.channel('../x')).toThrow(expect.objectContaining({ code: 'channel-name-invalid' }))
  })
})
