import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/**
 * What the proxy's own tests have behind it: `/whole` answers at once, `/open` stays open until the test ends it, and
 * an upgrade is taken and echoes. Stopped when the test is over.
 */
export async function startServerBehind(whole = 'a whole answer') {
  const seen: { readonly path: string; readonly atMs: number; readonly upgrade: string | undefined }[] = []
  const opened: ServerResponse[] = []
  const server = createServer((request, response) => {
    seen.push({ path: request.url ?? '', atMs: performance.now(), upgrade: request.headers.upgrade })
    if (request.url === '/open') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      opened.push(response)
    } else response.writeHead(200, { 'content-length': Buffer.byteLength(whole) }).end(whole)
  })
  server.on('upgrade', (_request, socket) => {
    socket.on('error', () => socket.destroy())
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n')
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, opened }
}
