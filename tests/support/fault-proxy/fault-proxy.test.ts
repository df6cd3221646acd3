import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { RawConnection, requestBytes } from '../raw-connection.js'
import { FaultProxy, type Faults } from './index.js'
import { startServerBehind } from './server-behind.js'

const upgrade = { connection: 'Upgrade', upgrade: 'echo' }

async function startBoth(whole?: string) {
  const server = await startServerBehind(whole)
  const proxy = await FaultProxy.before(server)
  const connect = async (target?: string, headers: Record<string, string> = {}) => {
    const connection = await RawConnection.open(proxy.url)
    onTestFinished(() => connection.destroy())
    if (target !== undefined) connection.send(requestBytes(proxy.url, { target, headers }))
    return connection
  }
  return { server, proxy, connect }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause(5)
}

/** An open answer through the proxy, of which the head has come, and the connection that it is on. */
async function openAnswer(faults: Partial<Faults> = {}) {
  const both = await startBoth()
  const connection = await both.connect('/open')
  await connection.through('\r\n\r\n')
  both.proxy.set(faults)
  const response = both.server.opened[0]
  if (!response) throw new Error('Nothing was opened')
  return { ...both, connection, response }
}

test('without faults answers, open answers and upgrades pass, and several requests on a connection', async () => {
  const { connect, server, proxy } = await startBoth()
  const connection = await connect('/whole')
  expect(await connection.answer()).toMatchObject({ status: 200, body: 'a whole answer' })
  connection.send(requestBytes(proxy.url, { target: '/open' }))
  await connection.through('\r\n\r\n')
  server.opened[0]?.write('news')
  await connection.through('news')
  server.opened[0]?.end()
  await connection.through('0\r\n\r\n')
  const socket = await connect('/socket', upgrade)
  await socket.through('101 Switching Protocols\r\n')
  socket.send('ping')
  await socket.through('ping')
  expect(proxy.connections).toBe(2)
  expect(proxy.requests.map(({ path, isUpgrade }) => [path, isUpgrade])).toEqual([
    ['/whole', false],
    ['/open', false],
    ['/socket', true],
  ])
})

test('a client that leaves is told to the server, and an answer that the server breaks off is broken off', async () => {
  const { connect, connection, response, server, proxy } = await openAnswer()
  connection.destroy()
  await new Promise((resolve) => response.once('close', resolve))
  const other = await connect('/open')
  await other.through('\r\n\r\n')
  server.opened[1]?.destroy()
  expect(String(await other.rest())).not.toContain('0\r\n\r\n')
  await other.gone()
  const last = await connect('/whole')
  await last.answer()
  expect(proxy.open).toBe(1)
})

describe('the network', () => {
  test.each(['fin', 'rst'] as const)('is cut: all connections end by %s, new ones work', async (how) => {
    const { connect, connection, response, proxy } = await openAnswer()
    const closed = new Promise((resolve) => response.once('close', resolve))
    proxy.cut(how)
    await connection.gone()
    await closed
    const again = await connect('/whole')
    expect((await again.answer()).status).toBe(200)
    const broken = again.through('more').catch((error: Error) => String(error.cause ?? error))
    proxy.cut(how)
    expect(await broken).toMatch(how === 'rst' ? /ECONNRESET/ : /the connection ended/)
  })

  test('refuses new connections, and keeps those that it has', async () => {
    const { connect, connection, response } = await openAnswer({ refuse: true })
    const refused = async () => (await connect('/whole')).answer()
    await expect(refused()).rejects.toThrow(/broke|ended|ECONNRESET/)
    response.write('still here')
    await connection.through('still here')
  })

  test.each(['up', 'down'] as const)('delays what goes %s', async (direction) => {
    const { connect, server, proxy } = await startBoth()
    proxy.set(direction === 'up' ? { delayUpMs: 200 } : { delayDownMs: 200 })
    const startMs = performance.now()
    const connection = await connect('/whole')
    await connection.answer()
    expect(performance.now() - startMs).toBeGreaterThan(195)
    const upMs = (server.seen[0]?.atMs ?? 0) - startMs
    if (direction === 'up') expect(upMs).toBeGreaterThan(195)
    else expect(upMs).toBeLessThan(195)
  })

  test('carries so many bytes a second, little by little', async () => {
    const { connect, proxy } = await startBoth('x'.repeat(10_000))
    proxy.set({ bytesPerSecond: 20_000 })
    const startMs = performance.now()
    const connection = await connect('/whole')
    await connection.through('x'.repeat(1_000))
    const firstMs = performance.now() - startMs
    await connection.take(9_000)
    const lastMs = performance.now() - startMs
    expect(lastMs).toBeGreaterThan(495)
    expect(firstMs).toBeLessThan(lastMs / 2)
  })

  test('is a black hole: connections are taken, nothing passes, and all of it goes on when it is over', async () => {
    const { connect, connection, response, proxy, server } = await openAnswer({ blackHole: true })
    response.write('news')
    const held = await connect('/whole')
    await pause(100)
    const clearedAtMs = performance.now()
    expect(proxy.requests.length).toBe(1)
    proxy.clear()
    await connection.through('news')
    await held.answer()
    expect(server.seen[1]?.atMs).toBeGreaterThan(clearedAtMs)
  })

  test('does not tell the server of a client that left into the black hole, until it is over', async () => {
    const { connection, response, proxy } = await openAnswer({ blackHole: true })
    let closedAtMs = 0
    const closed = new Promise<void>((resolve) => {
      response.once('close', () => {
        closedAtMs = performance.now()
        resolve()
      })
    })
    connection.destroy()
    await pause(100)
    const clearedAtMs = performance.now()
    proxy.clear()
    await closed
    expect(closedAtMs).toBeGreaterThan(clearedAtMs)
  })

  test('is half open: what goes down is lost for good on this connection, and no other', async () => {
    const { connect, connection, response, proxy } = await openAnswer({ halfOpen: 'down' })
    response.write('lost')
    const other = await connect('/whole')
    await until(() => proxy.lostBytes > 100)
    proxy.clear()
    response.end('lost as well')
    const fine = await connect('/whole')
    await fine.answer()
    let hasCome = false
    for (const dead of [connection, other]) {
      dead.take(1).then(
        () => {
          hasCome = true
        },
        () => {},
      )
    }
    await pause(50)
    expect(hasCome).toBe(false)
  })

  test('is half open: what goes up is lost, what comes down still comes', async () => {
    const { connect, connection, response, proxy } = await openAnswer({ halfOpen: 'up' })
    response.write('news')
    await connection.through('news')
    connection.send('lost')
    await until(() => proxy.lostBytes === 4)
    proxy.clear()
    const fine = await connect('/whole')
    await fine.answer()
    expect(proxy.requests.length).toBe(2)
  })

  test('ends what is idle, and spares what is not', async () => {
    const { connect, connection, response, proxy } = await openAnswer()
    const idle = await connect('/whole')
    await idle.answer()
    const setAtMs = performance.now()
    proxy.set({ idleMs: 150 })
    const chatter = setInterval(() => response.write('.'), 50)
    onTestFinished(() => clearInterval(chatter))
    await idle.gone()
    expect(performance.now() - setAtMs).toBeGreaterThan(145)
    await until(() => proxy.open === 1)
    clearInterval(chatter)
    await connection.gone()
  })

  test('cuts an answer in the middle of its body', async () => {
    const { connect, proxy } = await startBoth('0123456789')
    proxy.set({ cutBody: 'middle' })
    const body = String(await (await connect('/whole')).rest()).split('\r\n\r\n')[1]
    expect(body).toMatch(/^01*/)
    expect(body).not.toContain('9')
  })

  test('cuts between CR and LF', async () => {
    const { connection, response, proxy } = await openAnswer({ cutBody: 'between-cr-and-lf' })
    response.write('news')
    expect(String(await connection.rest())).toMatch(/^4\r$/)
    await until(() => proxy.open === 0)
  })

  test('cuts inside a character', async () => {
    const { connect, proxy } = await startBoth('plain, then 🍰 and more')
    proxy.set({ cutBody: 'inside-character' })
    const all = await (await connect('/whole')).rest()
    expect(all.subarray(-2)).toEqual(Buffer.from([0x20, 0xf0]))
  })
})

describe('the proxy', () => {
  test('keeps an answer until it ends, head and all', async () => {
    const { connect, server, proxy } = await startBoth()
    proxy.set({ buffer: true })
    const connection = await connect('/open')
    await proxy.seen(({ path }) => path === '/open')
    await until(() => server.opened.length === 1)
    server.opened[0]?.write('first')
    await pause(50)
    const endedAtMs = performance.now()
    let headAtMs = 0
    const head = connection.through('\r\n\r\n').then(() => {
      headAtMs = performance.now()
    })
    server.opened[0]?.end(' last')
    await head
    expect(headAtMs).toBeGreaterThan(endedAtMs)
    expect(String(await connection.through('0\r\n\r\n'))).toContain('first last')
  })

  test('lets go what it has kept when it buffers no more, and what follows passes at once', async () => {
    const { connect, server, proxy } = await startBoth()
    proxy.set({ buffer: true })
    const connection = await connect('/open')
    await until(() => server.opened.length === 1)
    server.opened[0]?.write('first')
    await pause(50)
    proxy.clear()
    await connection.through('first')
    server.opened[0]?.write('second')
    await connection.through('second')
  })

  test('strips upgrades: they arrive as plain GETs', async () => {
    const { connect, server, proxy } = await startBoth()
    proxy.set({ upgrades: 'strip' })
    expect((await (await connect('/socket', upgrade)).answer()).body).toBe('a whole answer')
    expect(server.seen.map(({ path, upgrade }) => [path, upgrade])).toEqual([['/socket', undefined]])
  })

  test('hangs on an upgrade, and answers everything else', async () => {
    const { connect, server, proxy } = await startBoth()
    proxy.set({ upgrades: 'hang' })
    const hung = await connect('/socket', upgrade)
    await proxy.seen(({ isUpgrade }) => isUpgrade)
    expect((await (await connect('/whole')).answer()).status).toBe(200)
    proxy.clear()
    const taken = await connect('/socket', upgrade)
    await taken.through('101 ')
    expect(server.seen.length).toBe(1)
    expect(proxy.open).toBe(3)
    hung.end()
    await hung.gone()
  })

  test('refuses upgrades', async () => {
    const { connect, proxy } = await startBoth()
    proxy.set({ upgrades: 'refuse' })
    expect((await (await connect('/socket', upgrade)).answer()).status).toBe(502)
    expect((await (await connect('/whole')).answer()).status).toBe(200)
  })

  test.each([429, 502, 503] as const)('answers %i by itself, also to upgrades', async (status) => {
    const { connect, server, proxy } = await startBoth()
    proxy.set({ answer: { status, retryAfterSeconds: 7 } })
    for (const headers of [{}, upgrade]) {
      const answer = await (await connect('/whole', headers)).answer()
      expect([answer.status, answer.headers['retry-after']]).toEqual([status, '7'])
    }
    expect(server.seen).toEqual([])
  })

  test('ends kept connections: with a word, or without one', async () => {
    for (const keepAlive of ['end', 'drop'] as const) {
      const { connect, proxy } = await startBoth()
      proxy.set({ keepAlive })
      const connection = await connect('/whole')
      const answer = await connection.answer()
      expect(answer.headers.connection === 'close').toBe(keepAlive === 'end')
      await connection.gone()
      expect(answer.body).toBe('a whole answer')
    }
  })

  test('answers 502 when nobody is behind it', async () => {
    const proxy = await FaultProxy.before({ url: 'http://127.0.0.1:1' })
    expect((await fetch(proxy.url)).status).toBe(502)
  })
})
