import { type Way, ways } from '@tidings/protocol'
import { describe, expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import {
  client,
  expectNothingUncaught,
  offsetAt,
  pause,
  saying,
  startHostile,
  take,
  waits,
} from './hostile-server.js'

expectNothingUncaught()

const one = JSON.stringify({ type: 'data', channel: 'cake', messages: [1], nextOffset: offsetAt(1) })
const http = ways.filter((way) => way !== 'websocket')

function jwt(lifeMs: number, name = ''): string {
  const exp = (Date.now() + lifeMs) / 1000
  return `e30.${btoa(JSON.stringify({ exp, name }))}.x`
}

describe.each(ways)('over %s', (way: Way) => {
  test.each<[string, () => Promise<string>]>([
    ['is never there', () => new Promise(() => {})],
    ['comes after the end', () => pause(150).then(() => jwt(3_600_000))],
    ['is refused after the end', () => pause(150).then(() => Promise.reject(new Error('late')))],
  ])('a token that %s leaves nothing behind when the client is closed', async (_, getToken) => {
    const server = await startHostile(saying(way, one))
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    const before = timers()
    const tidings = client(server.url, { ways: way, getToken })
    const heard = take(tidings.channel('cake', { offset: '-1' }), 1)
    await pause(50)
    tidings.close()
    expect(await heard).toEqual([])
    await pause(250)
    expect(timers()).toBeLessThanOrEqual(before)
    expect(server.requests).toEqual([])
  })
})

test('a token that is never there is not waited for without end', async () => {
  const server = await startHostile(saying('long-poll', `[${one}]`))
  let calls = 0
  const getToken = () => {
    calls += 1
    return calls === 1 ? new Promise<string>(() => {}) : 'token'
  }
  const clock = {
    now: () => performance.now() * 200,
    after(delayMs: number, action: () => void) {
      const timer = setTimeout(action, delayMs / 200)
      return () => clearTimeout(timer)
    },
  }
  const tidings = client(server.url, { ways: 'long-poll', getToken, clock })
  expect(await take(tidings.channel('cake', { offset: '-1' }), 1)).toEqual([1])
})

test.each(http)('headers that throw are told as such, over %s', async (way) => {
  const server = await startHostile(saying(way, one))
  const headers = () => {
    throw new Error('a mistake of the program')
  }
  const heard = take(client(server.url, { ways: way, headers }).channel('cake'), 1)
  await expect(heard).rejects.toMatchObject({
    code: 'headers-missing',
    cause: { message: 'a mistake of the program' },
  })
})

test('what many requests are refused with is fetched anew once', async () => {
  let valid = 'first'
  let fetched = 0
  const server = await startHostile({
    answers(response, url, { headers }) {
      if (headers.authorization !== `Bearer ${valid}`) response.writeHead(401).end()
      else if (url.searchParams.has('live')) return
      else response.writeHead(200).end('[]')
    },
  })
  const getToken = async () => {
    fetched += 1
    await pause(20)
    return valid
  }
  const tidings = client(server.url, { ways: 'long-poll', getToken })
  const stop = new AbortController()
  // So many that they need several requests at once.
  const names = Array.from({ length: 200 }, (_, index) => `channel-${index}`)
  const heard = names.map((name) => take(tidings.channel(name, { offset: '-1', signal: stop.signal }), 1))
  while (server.requests.length < 8) await pause(10)
  valid = 'second'
  expect(fetched).toBe(1)
  // All of them are asked anew at once.
  const more = take(tidings.channel('another', { offset: '-1', signal: stop.signal }), 1)
  const others = names.map((name) => take(tidings.channel(name, { offset: '-1', signal: stop.signal }), 1))
  while (fetched < 2) await pause(10)
  await pause(200)
  expect(fetched).toBe(2)
  stop.abort()
  await Promise.all([...heard, ...others, more])
})

describe('on a WebSocket', () => {
  /** A server that welcomes who has a valid token, and refuses as it is told. */
  async function door(valid: () => string, refuse: (socket: WebSocket) => void) {
    const told: string[] = []
    const server = await startHostile({
      opens(socket) {
        let isWelcome = false
        socket.on('message', (text) => {
          const { type, token } = JSON.parse(String(text))
          if (type === 'auth') {
            told.push(token)
            if (token !== valid()) refuse(socket)
            else if (!isWelcome) socket.send('{"type":"welcome","heartbeatMs":150}')
            isWelcome = true
          } else if (type === 'subscribe') socket.send(one)
          else if (type === 'ping') socket.send('{"type":"pong"}')
        })
      },
    })
    return { server, told }
  }

  const refusals: [string, (socket: WebSocket) => void][] = [
    [
      'an error',
      (socket) => socket.send('{"type":"error","code":"token-invalid","status":401,"detail":"No."}'),
    ],
    ['the close code 4401', (socket) => socket.close(4401)],
  ]

  test.each(refusals)('a token that is refused by %s is fetched anew', async (_, refuse) => {
    let fetched = 0
    const { server, told } = await door(() => 'token-2', refuse)
    const getToken = () => `token-${++fetched}`
    expect(
      await take(client(server.url, { ways: 'websocket', getToken }).channel('cake', { offset: '-1' }), 1),
    ).toEqual([1])
    expect(told).toEqual(['token-1', 'token-2'])
  })

  test.each(refusals)('one that is refused by %s again at once ends it with 401', async (_, refuse) => {
    let fetched = 0
    const { server } = await door(() => 'another', refuse)
    const getToken = () => `token-${++fetched}`
    const heard = take(
      client(server.url, { ways: 'websocket', getToken }).channel('cake', { offset: '-1' }),
      1,
    )
    await expect(heard).rejects.toMatchObject({ status: 401 })
    expect(fetched).toBe(2)
  })

  test('one that expires is renewed before, and told', async () => {
    let fetched = 0
    const { server, told } = await door(
      () => told.at(-1) as string,
      () => {},
    )
    const tidings = client(server.url, { ways: 'websocket', getToken: () => jwt(2_000, String(++fetched)) })
    const heard = take(tidings.channel('cake', { offset: '-1' }), 2)
    while (told.length < 2) await pause(20)
    expect(told[0]).not.toBe(told[1])
    expect(tidings.state).toBe('open')
    tidings.close()
    await heard
  })

  test('one that expires while its socket opens breaks nothing', async () => {
    const server = await startHostile({ answers: () => {} })
    let fetched = 0
    const tidings = client(server.url, {
      ways: 'websocket',
      answerMs: 1_000,
      getToken: () => jwt(300, String(++fetched)),
      webSocket: class {
        readonly protocol = ''
        readonly bufferedAmount = 0
        onopen = null
        onmessage = null
        onerror = null
        onclose = null
        send(): void {
          throw new Error('not open yet')
        }
        close(): void {}
      },
    })
    const waiting = waits(tidings)
    const heard = take(tidings.channel('cake'), 1)
    await waiting
    tidings.close()
    await heard
  })

  test('a server without access control says so, and is heard', async () => {
    const server = await startHostile({
      opens(socket) {
        socket.send('{"type":"welcome","heartbeatMs":15000}')
        socket.on('message', (text) => {
          const { type } = JSON.parse(String(text))
          if (type === 'auth')
            socket.send('{"type":"error","code":"not-implemented","status":501,"detail":"None."}')
          if (type === 'subscribe') socket.send(one)
        })
      },
    })
    const tidings = client(server.url, { ways: 'websocket', getToken: () => 'token' })
    expect(await take(tidings.channel('cake', { offset: '-1' }), 1)).toEqual([1])
  })
})
