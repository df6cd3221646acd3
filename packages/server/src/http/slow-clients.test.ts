import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { letRestPass } from './body.js'
import { answerMalformed } from './malformed.js'

async function serve(take: RequestListener): Promise<{ client: Socket; server: Server }> {
  const server = createServer(
    { headersTimeout: 50, requestTimeout: 100, connectionsCheckingInterval: 20 },
    take,
  )
  server.on('clientError', (error, socket) => answerMalformed(error, socket as Socket, true))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  onTestFinished(() => {
    client.destroy()
    server.close()
  })
  return { client, server }
}

async function allOf(client: Socket): Promise<string> {
  let text = ''
  client.on('data', (part) => {
    text += String(part)
  })
  await new Promise((resolve) => client.once('close', resolve))
  return text
}

test('headers that do not come to an end are answered with 408', async () => {
  const { client } = await serve((_request, response) => response.end())
  client.write('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')
  const answer = await allOf(client)
  expect(answer).toMatch(/^HTTP\/1\.1 408 /)
  expect(answer).toContain('"code":"request-timeout"')
})

test('the rest of a body that was refused is waited for so long, and then cut', async () => {
  const { client, server } = await serve((request, response) => {
    response.writeHead(413, { 'content-length': '0' }).end()
    letRestPass(request, { bytes: 1_000, ms: 20 })
  })
  server.requestTimeout = 0
  client.on('error', () => {})
  client.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf')
  expect(await allOf(client)).toMatch(/^HTTP\/1\.1 413 /)
})

test('a connection whose body came to its end in time is not cut, and remembers nothing of it', async () => {
  const sockets: Socket[] = []
  const { client, server } = await serve((request, response) => {
    sockets.push(request.socket)
    response.writeHead(413, { 'content-length': '0' }).end()
    letRestPass(request, { bytes: 1_000, ms: 1 })
  })
  server.requestTimeout = 0
  const answers = () => new Promise<string>((resolve) => client.once('data', (part) => resolve(String(part))))
  for (let times = 0; times < 20; times++) {
    const answer = answers()
    client.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nrest')
    expect(await answer).toMatch(/^HTTP\/1\.1 413 /)
  }
  expect(new Set(sockets).size).toBe(1)
  expect(sockets[0]?.listenerCount('close')).toBeLessThan(5)
})
