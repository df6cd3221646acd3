// What lies between a client and its server: `client ─▶ line ─▶ proxy ─▶ server`, where the line delays, cuts and
// refuses connections, and the proxy, if there is one, is one of those that let no WebSocket through.

import { request as ask, createServer as createHttpServer } from 'node:http'
import { connect, createServer } from 'node:net'

const host = '127.0.0.1'

/** What is measured over. `delayMs` is added each way. */
export const networks = {
  loopback: { title: 'loopback' },
  'delay-50': { title: '50 ms each way', delayMs: 50 },
  'upgrade-hangs': { title: '50 ms, upgrades hang', delayMs: 50, upgrades: 'hang' },
  'upgrade-refused': { title: '50 ms, `Upgrade` stripped', delayMs: 50, upgrades: 'strip' },
  buffered: {
    title: '50 ms, answers held until they end, `Upgrade` stripped',
    delayMs: 50,
    upgrades: 'strip',
    isBuffering: true,
  },
}

/** @returns the network on a port of its own, so that to clients it is an origin they have never seen */
export async function startNetwork(serverPort, { delayMs = 0, upgrades, isBuffering } = {}) {
  const proxy = upgrades && (await listen(blockingProxy(serverPort, upgrades, isBuffering)))
  const target = proxy ? proxy.address().port : serverPort
  const open = new Set()
  let isRefusing = false
  const line = await listen(
    createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      client.on('error', () => {})
      if (isRefusing) return client.resetAndDestroy()
      const behind = connect({ host, port: target, allowHalfOpen: true, noDelay: true })
      const pair = [client, behind]
      open.add(pair)
      for (const end of pair) end.on('error', () => {}).on('close', () => cut(pair))
      // A connection is set up in one round trip more, which loopback would give for nothing.
      carry(client, behind, delayMs, 2 * delayMs)
      carry(behind, client, delayMs, 0)
    }),
  )
  const cut = (pair) => {
    open.delete(pair)
    for (const end of pair) end.resetAndDestroy()
  }
  const cutAll = () => [...open].forEach(cut)
  return {
    url: `http://${host}:${line.address().port}`,
    /** All connections break, and new ones are reset until `heal`. */
    breakDown() {
      isRefusing = true
      cutAll()
    },
    heal() {
      isRefusing = false
    },
    stop() {
      line.close()
      cutAll()
      proxy?.close()
      proxy?.closeAllConnections()
    },
  }
}

/** Each piece arrives `delayMs` after it was sent, the first one `setUpMs` later still; in order. */
function carry(from, to, delayMs, setUpMs) {
  if (delayMs === 0) {
    from.pipe(to)
    return
  }
  const noEarlierMs = performance.now() + setUpMs + delayMs
  const later = (act) => {
    const dueMs = Math.max(noEarlierMs, performance.now() + delayMs)
    waiting.push({ dueMs, act })
    if (waiting.length === 1) setTimeout(deliver, dueMs - performance.now())
  }
  const waiting = []
  const deliver = () => {
    const now = performance.now()
    while (waiting.length > 0 && waiting[0].dueMs <= now) waiting.shift().act()
    if (waiting.length > 0) setTimeout(deliver, Math.max(1, waiting[0].dueMs - now))
  }
  from.on('data', (piece) => later(() => to.writable && to.write(piece)))
  from.on('end', () => later(() => to.end()))
}

function blockingProxy(serverPort, upgrades, isBuffering) {
  // Without a listener for upgrades they come as plain requests.
  const server = createHttpServer((request, response) => forward(request, response, serverPort, isBuffering))
  const hanging = new Set()
  if (upgrades === 'hang')
    server.on('upgrade', (_, socket) => {
      hanging.add(socket)
      socket.on('error', () => {}).on('close', () => hanging.delete(socket))
    })
  server.on('close', () => {
    for (const socket of hanging) socket.destroy()
  })
  return server
}

function forward(request, response, port, isBuffering) {
  const { upgrade, connection, ...headers } = request.headers
  const { method, url: path } = request
  const asked = ask({ host, port, method, path, headers, agent: false })
  asked.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()))
  asked.on('response', (answer) => {
    const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...answered } = answer.headers
    answer.on('error', () => response.destroy())
    if (!isBuffering) {
      response.writeHead(answer.statusCode, answered).flushHeaders()
      answer.pipe(response)
      return
    }
    const held = []
    answer.on('data', (piece) => held.push(piece))
    answer.on('end', () => response.writeHead(answer.statusCode, answered).end(Buffer.concat(held)))
  })
  response.on('close', () => asked.destroy())
  request.pipe(asked)
}

function listen(server) {
  return new Promise((resolve) => server.listen(0, host, () => resolve(server)))
}
