import { once } from 'node:events'
import { connect as connectTls } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { RawConnection, requestBytes } from '../support/raw-connection.js'
import { expectProblem } from '../support/server-under-fire.js'
import { startTestServer } from '../support/test-server.js'
import { startTlsServer } from '../support/tls-server.js'

const json = { 'content-type': 'application/json' }

async function open(url: string): Promise<RawConnection> {
  const connection = await RawConnection.open(url)
  onTestFinished(() => connection.destroy())
  return connection
}

async function ask(connection: RawConnection, url: string, method = 'GET', body?: string) {
  const target = '/v1/stream/cake'
  connection.send(requestBytes(url, { method, target, headers: json, ...(body !== undefined && { body }) }))
  return await connection.answer(method)
}

test('a connection past --max-connections is answered 503 whatever it asks, and the others go on', async () => {
  const { url } = await startTestServer({ maxConnections: 3 })
  const three = [await open(url), await open(url), await open(url)] as const
  expect((await ask(three[0], url, 'PUT')).status).toBe(201)
  const fourth = await open(url)
  const answer = await fourth.answer()
  expectProblem(answer, 503, 'server-busy')
  expect(answer.headers).toMatchObject({ 'retry-after': '5', connection: 'close' })
  await fourth.gone()
  for (const connection of three) expect((await ask(connection, url)).status).toBe(200)

  three[1].destroy()
  await three[1].gone()
  // The server hears of it a moment later.
  for (;;) {
    const next = await open(url)
    next.send(requestBytes(url, { target: '/v1/stream/cake' }))
    if ((await next.answer()).status === 200) break
    await next.gone()
  }
})

test('with TLS a connection past --max-connections is closed before its handshake', async () => {
  const server = await startTlsServer({ maxConnections: 1 })
  const { hostname, port } = new URL(server.url)
  const taken = connectTls({ host: hostname, port: Number(port), ca: server.certificate })
  onTestFinished(() => {
    taken.destroy()
  })
  await once(taken, 'secureConnect')
  const refused = connectTls({ host: hostname, port: Number(port), ca: server.certificate })
  refused.on('error', () => {})
  let isSecure = false
  refused.once('secureConnect', () => {
    isSecure = true
  })
  await new Promise((resolve) => refused.once('close', resolve))
  expect(isSecure).toBe(false)
  expect(taken.destroyed).toBe(false)
})

test('bodies under way hold no more than --max-bodies-bytes: past that 503, until one is through or given up', async () => {
  const limitBytes = 1024 * 1024
  const { url } = await startTestServer({ maxBodyBytes: limitBytes, maxBodiesBytes: 2 * limitBytes })
  expect((await ask(await open(url), url, 'PUT')).status).toBe(201)
  const body = `["${'x'.repeat(limitBytes - 4)}"]`
  const whole = requestBytes(url, { method: 'POST', target: '/v1/stream/cake', headers: json, body })
  const [first, second] = [await open(url), await open(url)]
  for (const connection of [first, second]) connection.send(whole.subarray(0, -1))
  /** Small ones are taken as long as there is room for them, and refused from then on; or the other way round. */
  const until = async (status: number) => {
    for (;;) {
      const answer = await ask(await open(url), url, 'POST', '[1]')
      if (answer.status === status) return answer
      expect([204, 503]).toContain(answer.status)
    }
  }
  const refused = await until(503)
  expectProblem(refused, 503, 'server-busy')
  expect(refused.headers['retry-after']).toBe('1')

  // Those that have begun come to their end.
  first.send(whole.subarray(-1))
  expect((await first.answer()).status).toBe(204)
  expect((await ask(await open(url), url, 'POST', '[1]')).status).toBe(204)
  const third = await open(url)
  third.send(whole.subarray(0, -1))
  await until(503)
  second.destroy()
  await until(204)
})

test('a body of the largest size is taken, though all of them together may be smaller', async () => {
  const { url } = await startTestServer({ maxBodiesBytes: 1 })
  expect((await ask(await open(url), url, 'PUT', '[1, 2]')).status).toBe(201)
})

test('what a body is announced to be takes no room from others until it comes', async () => {
  const { url } = await startTestServer({ maxBodyBytes: 1_000, maxBodiesBytes: 1_000 })
  expect((await ask(await open(url), url, 'PUT')).status).toBe(201)
  const headers = { ...json, 'content-length': '1000' }
  const silent = await open(url)
  silent.send(requestBytes(url, { method: 'POST', target: '/v1/stream/cake', headers }))
  const body = `["${'x'.repeat(990)}"]`
  expect((await ask(await open(url), url, 'POST', body)).status).toBe(204)
})
