import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { ConnectionGone, hear } from '../../transports/index.js'
import { type Http1Options, Http1Server, type Turn } from './index.js'

const bounds = { maxBytes: 4 * 1024 * 1024, hasRoom: () => true }
const head = (first: string, ...headers: string[]) =>
  `${[`${first} HTTP/1.1`, 'Host: cake', ...headers].join('\r\n')}\r\n\r\n`
const append = (body: string, ...headers: string[]) =>
  head('POST /append', `Content-Length: ${body.length}`, ...headers) + body
const isAppend: Http1Options['isAppend'] = ({ method, bodyBytes }) =>
  method === 'POST' && bodyBytes !== 'chunked'

function answer(turn: Turn, body = '', status = 200): void {
  const headers = { 'content-length': String(body.length), 'x-of': turn.request.url }
  turn.answer(status, headers, body === '' ? undefined : Buffer.from(body), {
    isLast: false,
    isRestUncertain: false,
  })
}

/** A server on loopback that speaks with short limits, and a connection to it. */
async function serve(options: Partial<Http1Options>) {
  const turns: Turn[] = []
  const sockets: Socket[] = []
  const http1 = new Http1Server({
    wireOf: (socket) => socket,
    isAppend,
    checkMs: 10,
    turnMs: Number.POSITIVE_INFINITY,
    ...options,
    take: (turn) => {
      turns.push(turn)
      options.take?.(turn)
    },
  })
  const listening = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.push(socket)
    http1.serve(socket)
  })
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const { port } = listening.address() as AddressInfo
  const client = new Client(connect({ port, host: '127.0.0.1', allowHalfOpen: true }))
  await once(client.socket, 'connect')
  onTestFinished(() => {
    client.socket.destroy()
    for (const socket of sockets) socket.destroy()
    listening.close()
    http1.close()
  })
  return { client, http1, sockets, turns }
}

class Client {
  readonly socket: Socket
  text = ''
  /** "end" when the server has ended its half, "reset" when the connection was cut. */
  readonly ended: Promise<'end' | 'reset'>
  #heard = () => {}

  constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.text += text
      this.#heard()
    })
    this.ended = new Promise((resolve) => {
      socket.once('end', () => resolve('end'))
      socket.once('error', () => resolve('reset'))
    })
  }

  send(...texts: string[]): this {
    this.socket.write(texts.join(''), 'latin1')
    return this
  }

  /** Resolves when so many heads of answers have come. */
  async has(count: number): Promise<string[]> {
    for (;;) {
      const statuses = this.statuses
      if (statuses.length >= count) return statuses
      await new Promise<void>((resolve) => {
        this.#heard = resolve
      })
    }
  }

  get statuses(): string[] {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status as string)
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2))
}

test('a head that does not come to its end is answered with 408, and ends the connection', async () => {
  const { client } = await serve({ limits: { headMs: 30 } })
  client.send('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')
  expect(await client.ended).toBe('end')
  expect(client.text).toMatch(/^HTTP\/1\.1 408 /)
  expect(client.text).toContain('"code":"request-timeout"')
})

test('a body that does not come to its end is answered with 408, and whoever reads it is told', async () => {
  let reason: unknown
  const { client } = await serve({
    limits: { bodyMs: 30 },
    take: (turn) =>
      void turn.readBody(bounds).catch((error) => {
        reason = error
      }),
  })
  client.send(head('POST /', 'Content-Length: 100'), 'half')
  expect(await client.ended).toBe('end')
  expect(client.statuses).toEqual(['408'])
  expect(reason).toBeInstanceOf(ConnectionGone)
})

test('the rest of a body that was refused is let pass for so long, and then cut', async () => {
  const { client, sockets } = await serve({ limits: { passMs: 30 }, take: (turn) => answer(turn, '', 413) })
  client.send(head('POST /', 'Content-Length: 100'), 'half')
  await client.has(1)
  await once(sockets[0] as Socket, 'close')
})

test('of a body that was refused so many bytes are let pass, and then it is cut', async () => {
  const { client, sockets } = await serve({
    limits: { passBytes: 100_000 },
    take: (turn) => answer(turn, '', 413),
  })
  client.send(head('POST /', 'Content-Length: 1000000'))
  await client.has(1)
  const closed = once(sockets[0] as Socket, 'close')
  for (let part = 0; part < 12; part++) client.send('a'.repeat(10_000))
  await closed
})

test('a connection whose refused body came to its end is used on, and gathers nothing', async () => {
  const { client, sockets } = await serve({
    limits: { passMs: 5_000, passBytes: 100 },
    take: (turn) => answer(turn, '', 413),
  })
  for (let times = 1; times <= 20; times++) {
    client.send(head('POST /', 'Content-Length: 60'), 'a'.repeat(30))
    await client.has(times)
    client.send('a'.repeat(30))
  }
  expect(client.statuses).toEqual(Array(20).fill('413'))
  expect(sockets).toHaveLength(1)
  for (const event of ['data', 'end', 'close', 'error', 'drain'])
    expect(sockets[0]?.listenerCount(event), event).toBeLessThan(4)
})

test('a connection without a request is closed after a while', async () => {
  const { client } = await serve({ limits: { keepAliveMs: 40 }, take: (turn) => answer(turn) })
  client.send(head('GET /'), '\r\n')
  expect(await client.ended).toBe('end')
  expect(client.statuses).toEqual(['200'])
})

test('an empty line by itself, and cut in two, may stand before a request', async () => {
  const { client } = await serve({ take: (turn) => answer(turn) })
  for (const part of ['\r\n', '\r', '\n', head('GET /')]) {
    client.send(part)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  expect(await client.has(1)).toEqual(['200'])
})

test('what can become no request is refused before its end comes', async () => {
  for (const text of [
    'GET / HTTP/1.1\r\nX: \0',
    'GET / HTTP/1.1\nX',
    '\x16\x03\x01',
    'GET / HTTP/1.1\r\nX: y\r\n z',
    'GET /\r\n',
  ]) {
    const { client } = await serve({})
    client.send(text)
    expect(await client.ended, JSON.stringify(text)).toBe('end')
    expect(client.statuses).toEqual(['400'])
  }
})

test('appends that were sent ahead are admitted together, up to a hundred, and answered in order', async () => {
  const { client, turns } = await serve({ take: (turn) => turn.placed() })
  client.send(...Array.from({ length: 130 }, (_, count) => append(`a${count}`)))
  await until(() => turns.length === 100)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(turns).toHaveLength(100)
  for (const turn of turns.slice(1, 100).reverse()) answer(turn, String(turn.takeBody(bounds)))
  expect(client.text).toBe('')
  answer(turns[0] as Turn, 'a0')
  await until(() => turns.length === 130)
  for (const turn of turns.slice(100)) answer(turn, String(turn.takeBody(bounds)))
  await client.has(130)
  await until(() => client.text.endsWith('a129'))
  expect([...client.text.matchAll(/\r\n\r\n(a\d+)/g)].map(([, body]) => body)).toEqual(
    Array.from({ length: 130 }, (_, count) => `a${count}`),
  )
})

test('appends that were sent ahead bring a MiB at most together', async () => {
  const { client, turns } = await serve({ take: (turn) => turn.placed() })
  client.send(append('a'.repeat(600_000)), append('b'.repeat(600_000)))
  await until(() => turns.length === 1)
  void turns[0]?.readBody(bounds)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(turns).toHaveLength(1)
  answer(turns[0] as Turn)
  await until(() => turns.length === 2)
})

test('an append waits for one that has no place yet, and a GET for the appends before it', async () => {
  const { client, turns } = await serve({})
  client.send(append('a'), append('b'), head('GET /'))
  await until(() => turns.length === 1)
  turns[0]?.placed()
  expect(turns).toHaveLength(2)
  turns[1]?.placed()
  answer(turns[1] as Turn)
  expect(turns).toHaveLength(2)
  answer(turns[0] as Turn)
  expect(turns.map(({ request }) => request.method)).toEqual(['POST', 'POST', 'GET'])
})

test('nothing is taken behind a request that its client calls the last one', async () => {
  const { client, turns } = await serve({ take: (turn) => turn.placed() })
  client.send(append('a', 'Connection: close'), append('b'), head('GET /'))
  await until(() => turns.length > 0)
  expect(turns).toHaveLength(1)
  answer(turns[0] as Turn)
  expect(await client.ended).toBe('end')
  expect(turns).toHaveLength(1)
})

test('the rest of an append that broke off behind another is not read as a request', async () => {
  const { client, turns } = await serve({
    limits: { bodyMs: 30 },
    take: (turn) => {
      if (turn.takeBody(bounds)) turn.placed()
      else
        void turn.readBody(bounds).then(
          () => turn.placed(),
          () => {},
        )
    },
  })
  const smuggled = append('b')
  client.send(append('a'), head('POST /append', `Content-Length: ${smuggled.length + 5}`), 'cut')
  await until(() => turns[1]?.isGone === true)
  client.send(smuggled)
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(turns).toHaveLength(2)
  answer(turns[0] as Turn)
  expect(await client.ended).toBe('end')
  expect(client.statuses).toEqual(['200', '408'])
})

test('answers that are given one after the other go out in one write', async () => {
  const { client, sockets, turns } = await serve({ take: (turn) => turn.placed() })
  client.send(...Array.from({ length: 10 }, () => append('a')))
  await until(() => turns.length === 10)
  let writes = 0
  const [socket] = sockets as [Socket]
  const write = socket._write.bind(socket)
  socket._write = (...written) => {
    writes++
    write(...written)
  }
  for (const turn of turns) answer(turn)
  await client.has(10)
  expect(writes).toBe(1)
})

test('answers to appends are out, and counted, before anything else is begun', async () => {
  const words: string[] = []
  const { client, turns } = await serve({
    take: (turn) => {
      words.push(`${turn.request.method} begins`)
      turn.tellOfEnd({ ended: () => words.push(`${turn.request.method} is through`) })
      if (turn.request.method === 'POST') turn.placed()
      else answer(turn)
    },
  })
  client.send(append('a'), append('b'), head('GET /'))
  await until(() => turns.length === 2)
  for (const turn of turns.slice()) answer(turn)
  await client.has(3)
  expect(words.slice(2, 5)).toEqual(['POST is through', 'POST is through', 'GET begins'])
})

test('who does not read large answers is asked for no more of them, and hears all when it does', async () => {
  const { client, sockets, turns } = await serve({
    limits: { headMs: 50, keepAliveMs: 50 },
    take: (turn) => answer(turn, 'a'.repeat(1024 * 1024)),
  })
  client.socket.pause()
  client.send(head('GET /').repeat(40))
  await until(() => turns.length > 0 && (sockets[0]?.writableLength ?? 0) > 0)
  // Longer than one that is silent would be kept.
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(turns.length).toBeLessThan(20)
  expect(sockets[0]?.writableLength).toBeLessThan(3 * 1024 * 1024)
  client.socket.resume()
  await until(() => client.text.length > 40 * 1024 * 1024)
  expect(client.statuses).toHaveLength(40)
})

test('a last answer is not cut while it is read slowly, nor one when the server stops', async () => {
  for (const [headers, stops] of [
    [['Connection: close'], false],
    [[], true],
  ] as const) {
    const { client, http1, sockets } = await serve({
      limits: { passMs: 30, keepAliveMs: 10_000 },
      take: (turn) => answer(turn, 'a'.repeat(8 * 1024 * 1024)),
    })
    client.socket.pause()
    client.send(head('GET /', ...headers))
    await until(() => (sockets[0]?.writableLength ?? 0) > 0)
    if (stops) http1.stop()
    await new Promise((resolve) => setTimeout(resolve, 150))
    client.socket.resume()
    expect(await client.ended).toBe('end')
    expect(client.text.length).toBeGreaterThan(8 * 1024 * 1024)
  }
})

test('what is no HTTP behind requests is answered when they are', async () => {
  const { client, turns } = await serve({ take: (turn) => turn.placed() })
  client.send(append('a'), append('b'), 'garbage\r\n')
  await until(() => turns.length === 2)
  expect(client.text).toBe('')
  for (const turn of turns) answer(turn)
  expect(await client.ended).toBe('end')
  expect(client.statuses).toEqual(['200', '200', '400'])
})

test('what is no HTTP behind a GET that is held ends the connection, and is no part of its answer', async () => {
  const { client, turns } = await serve({})
  client.send(head('GET /'))
  await until(() => turns.length === 1)
  turns[0]?.stream(200, {}).push(Buffer.from('x'))
  client.send('\0')
  await client.ended
  expect(client.statuses).toEqual(['200'])
  expect(turns[0]?.isGone).toBe(true)
})

test('a client that ends its half is let go of, with all that it asked', async () => {
  const closed: string[] = []
  const { client, sockets } = await serve({
    take: (turn) => {
      turn.placed()
      turn.tellOfEnd({ ended: () => closed.push(turn.request.method) })
    },
  })
  client.send(append('a'), append('b'))
  client.socket.end()
  await once(sockets[0] as Socket, 'close')
  expect(closed).toEqual(['POST', 'POST'])
})

test('what came behind an offer to upgrade goes with the socket, and is no request', async () => {
  const { client, turns } = await serve({})
  client.send(head('GET /', 'Connection: Upgrade', 'Upgrade: websocket'), '\x81\x05frame')
  await until(() => turns.length === 1)
  client.send(head('GET /'))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(turns).toHaveLength(1)
  const handed = turns[0]?.handOver()
  expect(handed?.head.toString('latin1')).toBe(`\x81\x05frame${head('GET /')}`)
  client.send('more')
  const heard = new Promise<string>((resolve) => {
    const unheard = { clientEnded: () => {}, goOn: () => {}, closed: () => {} }
    hear(handed?.socket as Socket, { ...unheard, took: (chunk) => resolve(String(chunk)) })
  })
  handed?.socket.resume()
  expect(await heard).toBe('more')
  expect(turns).toHaveLength(1)
  for (const event of ['data', 'drain', 'error', 'close'])
    expect(handed?.socket.listeners(event), event).toHaveLength(1)
})

test('a socket is handed over while its request is being taken', async () => {
  let rest = ''
  const { client } = await serve({
    take: (turn) => {
      const { socket, head } = turn.handOver()
      rest = String(head)
      socket.on('data', (data) => socket.write(data)).resume()
    },
  })
  client.send(head('GET /', 'Connection: Upgrade', 'Upgrade: websocket'), 'first')
  await until(() => rest !== '')
  client.send('second')
  await until(() => client.text === 'second')
  expect(rest).toBe('first')
})

test('a connection of HTTP/1.0 is kept where its client asks for that, unless it also says close', async () => {
  const old = (...headers: string[]) => `${['GET / HTTP/1.0', ...headers].join('\r\n')}\r\n\r\n`
  const { client } = await serve({ take: (turn) => answer(turn) })
  client.send(old('Connection: keep-alive'))
  await client.has(1)
  expect(client.text).toMatch(/Connection: keep-alive/i)
  client.send(old('Connection: keep-alive, close'), old())
  expect(await client.ended).toBe('end')
  expect(client.statuses).toEqual(['200', '200'])
})

test('a client that writes its whole body before it reads sees the answer that refused it, and no reset', async () => {
  const { client } = await serve({ take: (turn) => answer(turn, 'no', 413) })
  client.send(head('POST /', 'Connection: close', 'Content-Length: 3000000'))
  client.socket.pause()
  for (let part = 0; part < 30; part++) client.send('a'.repeat(100_000))
  await new Promise<void>((resolve) => client.socket.write('', () => resolve()))
  client.socket.resume()
  expect(await client.ended).toBe('end')
  expect(client.text).toMatch(/^HTTP\/1\.1 413 [\s\S]*no$/)
})

test('when it stops, what is asked is answered and is the last, and who asks nothing is let go', async () => {
  const { client, http1, turns } = await serve({ take: (turn) => turn.placed() })
  client.send(append('a'))
  await until(() => turns.length === 1)
  http1.stop()
  turns[0]?.answer(200, { 'content-length': '0' }, undefined, { isLast: true, isRestUncertain: false })
  expect(await client.ended).toBe('end')
  expect(client.text).toMatch(/Connection: close/)
  const idle = await serve({})
  await until(() => idle.sockets.length === 1)
  idle.http1.stop()
  expect(await idle.client.ended).toBe('end')
})

test('a connection whose refused body ends while the server stops is let go', async () => {
  const { client, http1 } = await serve({ take: (turn) => answer(turn, '', 413) })
  client.send(head('POST /', 'Content-Length: 4'), 're')
  await client.has(1)
  http1.stop()
  client.send('st')
  expect(await client.ended).toBe('end')
})

test('the body of a GET that is answered by a stream is let pass, however long', async () => {
  const { client, sockets, turns } = await serve({})
  client.send(head('GET /', 'Content-Length: 300000'), 'a'.repeat(200_000))
  await until(() => turns.length === 1 && sockets[0]?.isPaused() === true)
  turns[0]?.stream(200, {})
  await until(() => sockets[0]?.isPaused() === false)
  client.send('a'.repeat(100_000))
  client.socket.end()
  await once(sockets[0] as Socket, 'close')
})

test('nothing is streamed to who is gone', async () => {
  const { client, sockets, turns } = await serve({})
  client.send(head('GET /'))
  await until(() => turns.length === 1)
  client.socket.end()
  await once(sockets[0] as Socket, 'close')
  expect(() => turns[0]?.stream(200, {})).toThrow(ConnectionGone)
})

test('a body in chunks of one byte holds its bytes, not what they came in', async () => {
  const { client, turns } = await serve({})
  client.send(head('POST /', 'Transfer-Encoding: chunked'))
  await until(() => turns.length === 1)
  const body = turns[0]?.readBody(bounds)
  const before = process.memoryUsage().heapUsed
  for (let part = 0; part < 100; part++) client.send('1\r\na\r\n'.repeat(2_000))
  client.send('0\r\n\r\n')
  expect((await body)?.byteLength).toBe(200_000)
  expect((await body)?.buffer.byteLength).toBeLessThan(1024 * 1024)
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(200 * 1024 * 1024)
})

test('requests that come in the same moment take no more of a turn of the event loop than their share', async () => {
  let turnsOfLoop = 0
  const takenIn: number[] = []
  const { client } = await serve({
    // Whatever a request takes is too much.
    turnMs: 0,
    take: (turn) => {
      if (!takenIn.includes(turnsOfLoop)) setImmediate(() => turnsOfLoop++)
      takenIn.push(turnsOfLoop)
      answer(turn)
    },
  })
  client.send(...Array.from({ length: 10 }, () => head('GET /')))
  expect(await client.has(10)).toEqual(Array.from({ length: 10 }, () => '200'))
  expect(new Set(takenIn).size).toBeGreaterThanOrEqual(5)
})
