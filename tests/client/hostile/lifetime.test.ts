import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { connect, type Tidings } from '@tidings/client'
import { createChannel, postPublisher } from '@tidings/client/ways'
import { type Way, ways } from '@tidings/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { startTestServer } from '../../support/test-server.js'
import { webSocket } from '../support/socket-server.js'
import { client, expectNothingUncaught, pause, startHostile, take } from './hostile-server.js'

expectNothingUncaught()

async function open() {
  const server = await startTestServer({ longPollMs: 300 })
  const address = { server: server.url, channel: 'cake' }
  await createChannel(address)
  const publisher = postPublisher(address)
  onTestFinished(() => publisher.stop())
  return { server, publisher, channel: (tidings: Tidings) => tidings.channel('cake', { offset: '-1' }) }
}

test('a client that was closed before it heard anything asks nothing, and its iterations are over', async () => {
  const server = await startHostile({})
  const tidings = connect(server.url, { webSocket })
  tidings.close()
  expect(await take(tidings.channel('cake'), 1)).toEqual([])
  expect(await Promise.all([take(tidings.channel('cake'), 1), take(tidings.channel('cake'), 1)])).toEqual([
    [],
    [],
  ])
  expect(server.requests).toEqual([])
  expect(tidings.state).toBe('closed')
})

test('ways that are none are refused at once', () => {
  for (const wrong of [[], 'carrier-pigeon', ['sse', 'carrier-pigeon']]) {
    expect(() => connect('http://localhost', { ways: wrong as Way[] })).toThrow(
      expect.objectContaining({ code: 'way-unknown', message: expect.stringContaining('long-poll') }),
    )
  }
})

test('asked for several messages at once, an iteration gives each once and in order', async () => {
  const { server, publisher, channel } = await open()
  const iterator = channel(client(server.url))[Symbol.asyncIterator]()
  const steps = Promise.all([iterator.next(), iterator.next(), iterator.next(), iterator.next()])
  await publisher.publish([1, 2])
  await publisher.publish([3], { close: true })
  expect((await steps).map(({ value }) => value)).toEqual([1, 2, 3, undefined])
  expect(await iterator.next()).toEqual({ done: true, value: undefined })
})

test('return() while next() waits ends both', async () => {
  const { server, channel } = await open()
  const tidings = client(server.url)
  const iterator = channel(tidings)[Symbol.asyncIterator]()
  const [step, other] = [iterator.next(), iterator.next()]
  expect(await iterator.return?.()).toEqual({ done: true, value: undefined })
  expect(await step).toEqual({ done: true, value: undefined })
  expect(await other).toEqual({ done: true, value: undefined })
  const unbegun = channel(tidings)[Symbol.asyncIterator]()
  await unbegun.return?.()
  expect(await unbegun.next()).toEqual({ done: true, value: undefined })
})

test('a signal ends an iteration before it begins, while it waits, and between two messages', async () => {
  const { server, publisher, channel } = await open()
  await publisher.publish([1, 2, 3])
  const tidings = client(server.url)
  const early = AbortSignal.abort()
  expect(await take(channel(tidings).events({ signal: early }), 1)).toEqual([])
  const between = new AbortController()
  const heard: unknown[] = []
  for await (const { data } of channel(tidings).events({ signal: between.signal })) {
    heard.push(data)
    between.abort()
  }
  expect(heard).toEqual([1])
  const late = new AbortController()
  const waiting = take(tidings.channel('cake', { signal: late.signal }), 1)
  while (tidings.state !== 'open') await pause(5)
  late.abort()
  expect(await waiting).toEqual([])
})

test('an iteration ends by its own signal and by that of its channel', async () => {
  const { server } = await open()
  const tidings = client(server.url)
  for (const which of [0, 1]) {
    const stops = [new AbortController(), new AbortController()] as const
    const channel = tidings.channel('cake', { signal: stops[0].signal })
    const heard = take(channel.events({ signal: stops[1].signal }), 1)
    await pause(10)
    stops[which]?.abort()
    expect(await heard).toEqual([])
  }
})

test('an iteration that is left and begun again and again hears each message once', async () => {
  const { server, publisher, channel } = await open()
  await publisher.publish(Array.from({ length: 50 }, (_, n) => n))
  const cake = channel(client(server.url))
  const heard: unknown[] = []
  while (heard.length < 50) {
    let left = (heard.length % 4) + 1
    for await (const message of cake) {
      heard.push(message)
      if (--left === 0 || heard.length === 50) break
    }
  }
  expect(heard).toEqual(Array.from({ length: 50 }, (_, n) => n))
})

test('a client that is closed while it connects is over, over each way', async () => {
  const server = await startHostile({ answers: () => {}, opens: () => {} })
  for (const way of [undefined, ...ways]) {
    const tidings = client(server.url, way ? { ways: way } : {})
    const heard = take(tidings.channel('cake'), 1)
    await pause(20)
    tidings.close()
    expect(await heard).toEqual([])
  }
})

test('what a client that lost its server a thousand times leaves when it is closed is nothing', async () => {
  const server = await startHostile({ answers: (response) => response.socket?.destroy() })
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const signals: AbortSignal[] = []
  const before = timers()
  const tidings = client(server.url, {
    backoff: { baseMs: 1, capMs: 1 },
    fetch: (url, init) => {
      if (init?.signal) signals.push(init.signal)
      return fetch(url, init)
    },
  })
  const heard = take(tidings.channel('cake'), 1)
  while (signals.length < 1_000) await pause(20)
  expect(timers() - before).toBeLessThan(20)
  tidings.close()
  expect(await heard).toEqual([])
  await pause(100)
  expect(timers()).toBeLessThanOrEqual(before)
})

test.each([undefined, ...ways])('a process that heard one message over %s ends by itself', async (way) => {
  const { server, publisher } = await open()
  await publisher.publish([1])
  const script = `
    import { connect } from '@tidings/client'
    import { WebSocket } from 'ws'
    const token = 'e30.' + btoa(JSON.stringify({ exp: Date.now() / 1000 + 5 })) + '.x'
    const tidings = connect(${JSON.stringify(server.url)}, {
      webSocket: WebSocket, getToken: () => token${way ? `, ways: '${way}'` : ''}
    })
    for await (const message of tidings.channel('cake', { offset: '-1' })) { console.log(message); break }`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    timeout: 3_000,
  })
  expect(stdout).toBe('1\n')
})
