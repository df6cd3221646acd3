import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { chromium } from 'playwright-core'
import type { RunningServer } from 'tidings'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket as NodeWebSocket } from 'ws'
import { CommandRun } from '../cli/command-run.js'
import { Http2Client } from '../support/http2-client.js'
import { findProgram, requirement } from '../support/requirements.js'
import { statsOf } from '../support/stats.js'
import { temporaryFolder } from '../support/test-server.js'
import { httpsFetch, startTlsServer } from '../support/tls-server.js'

const mayBind = requirement(
  'port 443',
  await isFree(443),
  'all four ways on the port that browsers take for https; it needs root, and nobody else listening there',
)
const executablePath = findProgram('chromium', 'chromium-browser', 'google-chrome')
const hasChromium = requirement(
  'Chromium',
  executablePath !== undefined,
  'all four ways over TLS in a browser',
)
const curl = findProgram('curl')
const hasCurl = requirement('curl', curl !== undefined, 'TLS as its users speak it')

const json = { 'content-type': 'application/json' }
const post = { ':method': 'POST', ...json }
const cake = '/v1/stream/cake'

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** With a channel that holds one message. */
async function serveOn443(): Promise<RunningServer> {
  const server = await startTlsServer({ port: 443, longPollMs: 2_000 })
  const ca = server.certificate
  const url = server.url + cake
  expect((await httpsFetch(url, ca, { method: 'PUT', headers: json })).status).toBe(201)
  expect((await httpsFetch(url, ca, { method: 'POST', headers: json, body: '"first"' })).status).toBe(204)
  return server
}

describe.runIf(mayBind)('on port 443', () => {
  test('Node hears all four ways at once: three on one connection of HTTP/2, WebSocket over HTTP/1.1', async () => {
    const server = await serveOn443()
    const client = await Http2Client.open(server)
    expect((await client.fetch(cake)).text).toBe('["first"]')
    const events = client.ask(`${cake}?live=sse&offset=-1`)
    await events.has(/data:\["first"\]/)
    const poll = client.ask(`${cake}?live=long-poll&offset=now`)
    const socket = new NodeWebSocket(`wss://localhost${cake}?live=websocket&offset=now`, {
      ca: String(server.certificate),
    })
    onTestFinished(() => socket.terminate())
    await once(socket, 'open')
    await statsOf(server).until(({ heldPolls, openStreams }) => heldPolls === 1 && openStreams === 2)

    const heard = once(socket, 'message')
    expect((await client.fetch(cake, post, '"second"')).status).toBe(204)
    expect(String((await heard)[0])).toBe('"second"')
    await events.has(/data:\["second"\]/)
    await poll.ended
    expect(poll.text).toBe('["second"]')
    // A socket publishes, too.
    socket.send('"third"')
    await events.has(/data:\["third"\]/)
  })

  test('Node hears the three HTTP ways over HTTP/1.1, too', async () => {
    const server = await serveOn443()
    const get = (query: string) => httpsFetch(`https://localhost${cake}${query}`, server.certificate)
    const { headers, text } = await get('')
    expect({ text, framing: headers['content-length'] }).toEqual({ text: '["first"]', framing: '9' })
    const poll = get('?live=long-poll&offset=now')
    await statsOf(server).until(({ heldPolls }) => heldPolls === 1)
    const close = { ...json, 'stream-closed': 'true' }
    await httpsFetch(server.url + cake, server.certificate, {
      method: 'POST',
      headers: close,
      body: '"last"',
    })
    expect((await poll).text).toBe('["last"]')
    const events = await get('?live=sse&offset=-1')
    expect(events.headers['transfer-encoding']).toBe('chunked')
    expect(events.text).toMatch(/data:\["first"\][\s\S]*data:\["last"\][\s\S]*"streamClosed":true/)
  })

  test('the command line hears and publishes over TLS that it was told to trust', async () => {
    const server = await serveOn443()
    const certificate = join(await temporaryFolder(), 'certificate.pem')
    await writeFile(certificate, String(server.certificate))
    const options = { url: 'https://localhost', environment: { NODE_EXTRA_CA_CERTS: certificate } }
    const read = new CommandRun(['read', 'cake', '--follow', '--live', 'websocket'], options)
    await read.until(({ stdout }) => stdout === '"first"\n')
    await new CommandRun(['publish', 'cake', '"second"'], options).outcome()
    await read.until(({ stdout }) => stdout === '"first"\n"second"\n')
  })

  describe.runIf(hasCurl)('curl', () => {
    test.each([
      ['--http2', '2'],
      ['--http1.1', '1.1'],
      // An answer says which version the server speaks, not which it was asked in.
      ['--http1.0', '1.1'],
    ])('%s publishes, reads, is held, and streams', async (flag, version) => {
      const server = await serveOn443()
      const certificate = join(await temporaryFolder(), 'certificate.pem')
      await writeFile(certificate, String(server.certificate))
      const usual = ['--silent', '--show-error', '--no-buffer', '--cacert', certificate, flag]
      const run = async (query: string, ...args: string[]) => {
        const all = [
          ...usual,
          '--write-out',
          ' over %{http_version}',
          ...args,
          `https://localhost${cake}${query}`,
        ]
        return (await promisify(execFile)(curl as string, all)).stdout
      }
      const stream = spawn(curl as string, [...usual, `https://localhost${cake}?live=sse&offset=-1`])
      onTestFinished(() => void stream.kill())
      let events = ''
      stream.stdout.on('data', (chunk) => (events += chunk))
      while (!events.includes('data:["first"]')) await once(stream.stdout, 'data')

      const poll = run('?live=long-poll&offset=now')
      await statsOf(server).until(({ heldPolls }) => heldPolls === 1)
      expect(await run('', '--json', '"second"')).toBe(` over ${version}`)
      expect(await poll).toBe(`["second"] over ${version}`)
      expect(await run('')).toBe(`["first","second"] over ${version}`)
      while (!events.includes('data:["second"]')) await once(stream.stdout, 'data')
      expect(await run('?live=websocket')).toMatch(/"code":"upgrade-required"/)
    })
  })

  test.runIf(hasChromium)('a page in Chromium hears all four ways, three of them over HTTP/2', async () => {
    const server = await serveOn443()
    const browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--ignore-certificate-errors'],
    })
    onTestFinished(() => browser.close())
    const page = await browser.newPage()
    await page.goto('https://localhost/')
    const { heard, protocols } = await page.evaluate(hearAllFour, cake)
    expect(heard).toEqual({
      'short-poll': ['first'],
      'long-poll': ['second'],
      sse: ['first', 'second'],
      websocket: ['first', 'second'],
    })
    expect(protocols).toEqual({ none: 'h2', 'long-poll': 'h2', sse: 'h2' })
    const { ways } = await statsOf(server).now()
    expect(ways.websocket.connectionsOpened).toBe(1)
  })
})

/** Runs in the page: no closure reaches it. */
async function hearAllFour(path: string) {
  const heard: Record<string, string[]> = { sse: [], websocket: [] }
  const events = new EventSource(`${path}?live=sse&offset=-1`)
  const socket = new WebSocket(`wss://${location.host}${path}?live=websocket&offset=-1`) as unknown as {
    onmessage: (event: { data: string }) => void
    close: () => void
  }
  const ofSse = new Promise<void>((resolve) =>
    events.addEventListener('data', ({ data }) => {
      if ((heard.sse?.push(...JSON.parse(data)) ?? 0) > 1) resolve()
    }),
  )
  const ofWebSocket = new Promise<void>((resolve) => {
    socket.onmessage = ({ data }) => {
      if ((heard.websocket?.push(JSON.parse(data)) ?? 0) > 1) resolve()
    }
  })
  const first = await fetch(path)
  heard['short-poll'] = await first.json()
  const next = first.headers.get('stream-next-offset')
  const poll = fetch(`${path}?live=long-poll&offset=${next}`)
  await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '"second"' })
  heard['long-poll'] = await (await poll).json()
  await Promise.all([ofSse, ofWebSocket])
  events.close()
  socket.close()
  const protocols = await new Promise<Record<string, string>>((resolve) => {
    const found: Record<string, string> = {}
    // An event stream is not among the entries before it has ended.
    new PerformanceObserver((list) => {
      for (const { name, nextHopProtocol } of list.getEntries() as PerformanceResourceTiming[])
        found[new URLSearchParams(new URL(name).search).get('live') ?? 'none'] = nextHopProtocol
      if ('sse' in found && 'long-poll' in found) resolve(found)
    }).observe({ type: 'resource', buffered: true })
  })
  return { heard, protocols }
}
