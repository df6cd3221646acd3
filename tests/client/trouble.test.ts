import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ConnectOptions, connect, type ProblemError, type TidingsDetails } from '@tidings/client'
import { createChannel, postPublisher } from '@tidings/client/ways'
import { ways } from '@tidings/protocol'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { startTestServer } from '../support/test-server.js'
import { webSocket } from './support/socket-server.js'

/** Any server, which answers as the test says. */
async function server(answer: RequestListener): Promise<{ url: string; requests: () => number }> {
  let requests = 0
  const listening = createServer((request, response) => {
    requests += 1
    answer(request, response)
  })
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    listening.closeAllConnections()
    listening.close()
  })
  return { url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`, requests: () => requests }
}

function client(url: string, options: ConnectOptions = {}) {
  const tidings = connect(url, { webSocket, intervalMs: 20, backoff: { baseMs: 5, capMs: 20 }, ...options })
  onTestFinished(() => tidings.close())
  return tidings
}

async function hear(tidings: ReturnType<typeof connect>, count = 1): Promise<unknown[]> {
  const heard: unknown[] = []
  for await (const message of tidings.channel('cake', { offset: '-1' })) {
    heard.push(message)
    if (heard.length === count) break
  }
  return heard
}

async function failure(tidings: ReturnType<typeof connect>): Promise<ProblemError> {
  return hear(tidings).then(
    () => {
      throw new Error('it was heard')
    },
    (error: unknown) => error as ProblemError,
  )
}

const unhandled: unknown[] = []
process.on('unhandledRejection', (reason) => unhandled.push(reason))

beforeEach(() => {
  onTestFinished(async () => {
    await new Promise((resolve) => setImmediate(resolve))
    expect(unhandled.splice(0)).toEqual([])
  })
})

describe.each([undefined, ...ways])('a server that speaks no Tidings, asked over %s', (way) => {
  const options: ConnectOptions = way ? { ways: way, answerMs: 300 } : { answerMs: 300 }

  test('is given up at once when it has no such address, with what to do', async () => {
    const { url, requests } = await server((_request, response) =>
      response.writeHead(404).end('<h1>Not here</h1>'),
    )
    const tidings = client(url, options)
    const error = await failure(tidings)
    expect(error).toMatchObject({ name: 'ProblemError', code: 'answer-unexpected', status: 404 })
    expect(error.message).toContain('another server')
    expect(tidings.state).toBe('closed')
    // What was on its way arrives.
    await new Promise((resolve) => setTimeout(resolve, 200))
    const asked = requests()
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(requests()).toBe(asked)
  })
})

test.each(ways.filter((way) => way !== 'websocket'))(
  'a server that answers with a page is given up, asked over %s',
  async (way) => {
    const { url } = await server((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>'),
    )
    expect(await failure(client(url, { ways: way, answerMs: 300 }))).toMatchObject({
      code: 'answer-malformed',
    })
  },
)

test('one answer that can not be read is not the last word: it may have been cut on its way', async () => {
  const inside = await startTestServer({ longPollMs: 500 })
  const address = { server: inside.url, channel: 'cake' }
  await createChannel(address)
  const publisher = postPublisher(address)
  onTestFinished(() => publisher.stop())
  await publisher.publish([1])
  let isFirst = true
  const cutting: typeof fetch = async (input, init) => {
    if (!isFirst) return fetch(input, init)
    isFirst = false
    return new Response('[{"type":"data","channel":"cake","mess', {
      headers: { 'content-type': 'application/json' },
    })
  }
  expect(await hear(client(inside.url, { ways: 'long-poll', fetch: cutting as typeof fetch }))).toEqual([1])
})

test('nothing at the address is asked again, with longer waits, and told', async () => {
  const gone = await server(() => {})
  const { url } = gone
  const tidings = client('http://127.0.0.1:9')
  const states: TidingsDetails['state'][] = []
  const thrice = new Promise<void>((resolve) => {
    tidings.addEventListener('state', ({ detail }) => {
      if (detail.state === 'waiting' && states.push(detail) === 3) resolve()
    })
  })
  const hearing = hear(tidings)
  await thrice
  expect(url).toContain('127.0.0.1')
  for (const { error, retryInMs } of states) {
    expect(error).toMatchObject({ code: 'connection-failed', isTransient: true })
    expect(retryInMs).toBeLessThanOrEqual(20)
  }
  tidings.close()
  expect(await hearing).toEqual([])
})

test('503 with Retry-After is waited out', async () => {
  const { url } = await server((_request, response) => response.writeHead(503, { 'retry-after': '7' }).end())
  const tidings = client(url, { ways: 'long-poll' })
  const told = new Promise<TidingsDetails['state']>((resolve) => {
    tidings.addEventListener('state', ({ detail }) => detail.state === 'waiting' && resolve(detail))
  })
  const hearing = hear(tidings)
  expect((await told).retryInMs).toBe(7_000)
  tidings.close()
  await hearing
})

describe('a token', () => {
  /** A server behind a door that lets one token through. */
  async function door(valid: () => string) {
    const inside = await startTestServer({ longPollMs: 500 })
    const address = { server: inside.url, channel: 'cake' }
    await createChannel(address)
    const publisher = postPublisher(address)
    onTestFinished(() => publisher.stop())
    const { url } = await server((request, response) => {
      if (request.headers.authorization !== `Bearer ${valid()}`) {
        response.writeHead(401).end()
        return
      }
      fetch(inside.url + request.url, { method: request.method ?? 'GET' }).then(
        async (answer) => {
          const headers = Object.fromEntries(answer.headers)
          delete headers['content-encoding']
          delete headers['content-length']
          response.writeHead(answer.status, headers).end(Buffer.from(await answer.arrayBuffer()))
        },
        () => response.destroy(),
      )
    })
    return { url, publisher }
  }

  test('is sent, fetched anew when it is refused, and nothing is missed', async () => {
    let valid = 'first'
    let fetched = 0
    const { url, publisher } = await door(() => valid)
    const getToken = () => {
      fetched += 1
      return valid
    }
    const tidings = client(url, { ways: 'short-poll', getToken })
    const hearing = hear(tidings, 2)
    await publisher.publish([1])
    valid = 'second'
    await publisher.publish([2])
    expect(await hearing).toEqual([1, 2])
    expect(fetched).toBe(2)
  })

  test('that is refused again ends it with 401', async () => {
    const { url } = await door(() => 'another')
    expect(await failure(client(url, { getToken: async () => 'wrong', ways: 'long-poll' }))).toMatchObject({
      status: 401,
    })
  })

  test('that can not be fetched for now is asked for again', async () => {
    const { url, publisher } = await door(() => 'right')
    let calls = 0
    const getToken = async () => {
      calls += 1
      if (calls < 3) throw new Error('the backend is not up yet')
      return 'right'
    }
    await publisher.publish([1])
    expect(await hear(client(url, { getToken, ways: 'long-poll' }))).toEqual([1])
  })
})
