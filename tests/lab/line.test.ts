import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { read } from '@tidings/client/ways'
import type { LineFaults, Way } from '@tidings/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { RawConnection } from '../support/raw-connection.js'
import { startTestServer } from '../support/test-server.js'
import { LabRun } from './lab-run.js'

const ways: readonly Way[] = ['short-poll', 'long-poll', 'sse', 'websocket']
const sound: LineFaults = { delayMs: 0, buffers: false, upgrades: 'pass' }

async function startRun() {
  const server = await startTestServer()
  const run = await LabRun.open(server)
  const line = `${server.url}${run.line}hopper`
  const publish = async (...messages: unknown[]) => {
    const answer = await fetch(`${server.url}/v1/stream/${run.channel}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(messages),
    })
    expect(answer.status).toBe(204)
  }
  const use = async (faults: Partial<LineFaults>) => {
    run.ask({ type: 'faults', faults: { ...sound, ...faults } })
    await settled(run)
  }
  return { server, run, line, publish, use }
}

/** What was asked before has been done. */
async function settled(run: LabRun): Promise<void> {
  const clocks = run.notices.filter(({ type }) => type === 'clock').length
  run.ask({ type: 'clock', askedAtMs: 0 })
  await run.until(({ notices }) => notices.filter(({ type }) => type === 'clock').length > clocks)
}

const whatHappened = (run: LabRun) =>
  run.notices.flatMap((notice) =>
    notice.type === 'line' ? [`${notice.event.reader} ${notice.event.what}`] : [],
  )

for (const way of ways) {
  test(`over a sound line the client hears in the way of ${way} as it does without`, async () => {
    const { run, line, publish } = await startRun()
    await publish(1, 2)
    const heard: unknown[] = []
    const stop = new AbortController()
    onTestFinished(() => stop.abort())
    const batches = read(
      { server: line, channel: run.channel },
      { way, offset: '-1', intervalMs: 5, webSocket: WebSocket, signal: stop.signal },
    )
    for await (const batch of batches) {
      heard.push(...batch.messages)
      if (heard.length === 2) await publish(3)
      if (heard.length === 3) break
    }
    expect(heard).toEqual([1, 2, 3])
  })
}

test('a POST passes the line with its body, whole or in pieces', async () => {
  const { server, run, line } = await startRun()
  const url = `${line}/v1/stream/${run.channel}`
  const posting = request(url, { method: 'POST', headers: { 'content-type': 'application/json' } })
  posting.write(`"${'a'.repeat(100_000)}`)
  await settled(run)
  posting.end('"')
  const [answer] = (await once(posting, 'response')) as [IncomingMessage]
  answer.resume()
  expect(answer.statusCode).toBe(204)
  const kept = await fetch(`${server.url}/v1/stream/${run.channel}?offset=-1`)
  expect(await kept.json()).toEqual(['a'.repeat(100_000)])
})

test('an upgrade is refused, or hangs, as the line says; polls pass', async () => {
  const { run, line, use } = await startRun()
  const url = `${line.replace('http', 'ws')}/v1/stream/${run.channel}?live=websocket`
  await use({ upgrades: 'refuse' })
  const [error] = (await once(new WebSocket(url), 'error')) as [Error]
  expect(error.message).toContain('502')
  await use({ upgrades: 'hang' })
  const hanging = new WebSocket(url)
  hanging.on('error', () => {})
  await run.until(() => whatHappened(run).includes('hopper held-upgrade'))
  expect(hanging.readyState).toBe(WebSocket.CONNECTING)
  expect((await fetch(`${line}/v1/stream/${run.channel}?offset=-1`)).status).toBe(200)
  hanging.terminate()
})

test('a client that gives up on an upgrade that hangs leaves room for others', async () => {
  const { run, line, use } = await startRun()
  const url = `${line.replace('http', 'ws')}/v1/stream/${run.channel}?live=websocket`
  await use({ upgrades: 'hang' })
  // More than a line takes at once.
  for (let count = 1; count <= 40; count++) {
    const hanging = new WebSocket(url)
    hanging.on('error', () => {})
    await run.until(() => whatHappened(run).length === count)
    hanging.terminate()
    await settled(run)
  }
  expect(whatHappened(run)).not.toContain('hopper refused-offline')
  expect((await fetch(`${line}/v1/stream/${run.channel}?offset=-1`)).status).toBe(200)
})

test('a client of HTTP/1.0 is answered in its version: no chunks, and no Host asked for', async () => {
  const { server, run, line, publish } = await startRun()
  await publish('heard')
  const { pathname } = new URL(line)
  const client = await RawConnection.open(server.url)
  onTestFinished(() => client.destroy())
  client.send(`GET ${pathname}/v1/stream/${run.channel}?offset=-1&live=sse HTTP/1.0\r\n\r\n`)
  const { status, headers } = await client.answer()
  expect([status, headers['transfer-encoding']]).toEqual([200, undefined])
  expect((await client.through('heard')).toString()).toMatch(/^retry:/)
})

test('a line that buffers keeps a stream from its reader until it ends, and then nothing is missing', async () => {
  const { server, run, line, publish, use } = await startRun()
  await use({ buffers: true })
  let isAnswered = false
  const reading = fetch(`${line}/v1/stream/${run.channel}?offset=-1&live=sse`).then((answer) => {
    isAnswered = true
    return answer.text()
  })
  await run.until(() => whatHappened(run).includes('hopper buffered'))
  await publish('kept back')
  await run.until(() => whatHappened(run).length > 1)
  expect(isAnswered).toBe(false)
  // A stream of a channel that is closed ends by itself.
  await fetch(`${server.url}/v1/stream/${run.channel}`, {
    method: 'POST',
    headers: { 'stream-closed': 'true' },
  })
  expect(await reading).toContain('kept back')
})

test('a line holds every piece up for as long as it says, and keeps their order', async () => {
  const { run, line, publish, use } = await startRun()
  await use({ delayMs: 100 })
  await publish(1, 2, 3)
  const beforeMs = performance.now()
  const answer = await fetch(`${line}/v1/stream/${run.channel}?offset=-1`)
  expect(await answer.json()).toEqual([1, 2, 3])
  // Up and down.
  expect(performance.now() - beforeMs).toBeGreaterThanOrEqual(195)
})

test('a cut ends every connection on the line, and none beside it; offline none is taken for a while', async () => {
  const { server, run, line } = await startRun()
  const open = async (base: string) => {
    const socket = new WebSocket(`${base.replace('http', 'ws')}/v1/stream/${run.channel}?live=websocket`)
    socket.on('error', () => {})
    await once(socket, 'open')
    return socket
  }
  const [over, beside] = [await open(line), await open(server.url)]
  run.ask({ type: 'cut' })
  await once(over, 'close')
  expect(beside.readyState).toBe(WebSocket.OPEN)
  expect(whatHappened(run)).toEqual(['hopper cut'])

  const poll = `${line}/v1/stream/${run.channel}?offset=-1`
  run.ask({ type: 'offline', forMs: 60_000 })
  await settled(run)
  await expect(fetch(poll)).rejects.toThrow()
  run.ask({ type: 'offline', forMs: 0 })
  await settled(run)
  expect((await fetch(poll)).status).toBe(200)
  beside.terminate()
})

test('a line leads to the channel of its run alone, and that of another run to nothing', async () => {
  const { server, run } = await startRun()
  const statusOf = async (path: string) => (await fetch(server.url + path)).status
  const channel = `/v1/stream/${run.channel}`
  expect(await statusOf(`${run.line}hopper${channel}`)).toBe(200)
  const nowhere = [
    `/lab/line/${'0'.repeat(24)}/hopper${channel}`,
    `${run.line}HOPPER${channel}`,
    `${run.line}hopper/v1/stats`,
    `${run.line}hopper/v1/backup`,
    `${run.line}hopper${channel}/more`,
    `${run.line}hopper/v1/stream/lab/${'0'.repeat(24)}`,
    `${run.line}hopper${channel}%2f..%2f..%2fbackup`,
  ]
  for (const path of nowhere) expect([path, await statusOf(path)]).toEqual([path, 404])
})
