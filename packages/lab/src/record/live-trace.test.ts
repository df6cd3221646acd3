import { type LabNotice, labPath, type TraceEvent, type Way, ways } from '@tidings/protocol'
import { startServer } from 'tidings'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { explain } from '../wire/index.js'
import { RunRecord } from './run-record.js'

const soon = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 20 })
const noReaders = { 'short-poll': 0, 'long-poll': 0, sse: 0, websocket: 0 }

/** A run of a real server that publishes nothing by itself, and the record of what it traces. */
async function openRun() {
  const server = await startServer({ engine: 'memory', port: 0 })
  onTestFinished(() => server.close())
  const socket = new WebSocket(new URL(labPath.run, server.url.replace('http', 'ws')))
  onTestFinished(() => socket.close())
  const record = new RunRecord()
  const traced: TraceEvent[] = []
  let channel = ''
  socket.on('message', (data) => {
    const notice = JSON.parse(String(data)) as LabNotice
    if (notice.type === 'run') channel = notice.channel
    if (notice.type !== 'trace') return
    traced.push(...notice.events)
    record.take(notice.events)
  })
  await soon(() => expect(channel).not.toBe(''))
  const workload = { messagesPerSecond: 0, burst: 1, messageBytes: 64, readers: noReaders }
  socket.send(JSON.stringify({ type: 'workload', workload }))
  const url = (query: string) => `${server.url}/v1/stream/${channel}?${query}`
  return { record, traced, url }
}

async function say(url: string, messages: readonly unknown[]): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const { ok } = await fetch(url, { method: 'POST', headers, body: JSON.stringify(messages) })
  expect(ok).toBe(true)
}

test("a real server's bytes are read to the last, and every message is found in them", async () => {
  const { record, traced, url } = await openRun()
  const lane = (way: Way) => record.lane(way)
  const messagesOf = (way: Way) => {
    const down = lane(way).arrows.filter(({ from }) => from === 'server')
    return down.reduce((sum, { messages }) => sum + messages, 0)
  }
  const stream = await fetch(url('offset=now&live=sse&events=message&lab=sse.1'))
  const socket = new WebSocket(url('live=websocket&offset=now&lab=websocket.2').replace('http', 'ws'))
  onTestFinished(() => {
    socket.terminate()
    return stream.body?.cancel()
  })
  await new Promise((opened) => socket.once('open', opened))
  const held = fetch(url('offset=-1&live=long-poll&timeout=5&lab=long-poll.3'))
  await soon(() => expect(lane('long-poll').exchanges).toHaveLength(1))
  // Larger than what the trace tells of one write, so that bytes are missing; and then small again.
  await say(url('lab=short-poll.4'), [{ text: 'x'.repeat(40_000) }])
  await say(url('lab=short-poll.5'), [{ n: 2 }, { n: 3 }])
  socket.send('{"n":4}')
  await (await held).text()
  await soon(() => expect(messagesOf('websocket')).toBe(4))
  await soon(() => expect(messagesOf('sse')).toBe(4))
  const poll = await fetch(url('offset=-1&lab=short-poll.6'), { headers: { 'accept-encoding': 'gzip' } })
  await poll.text()
  const end = poll.headers.get('stream-next-offset')
  const second = await fetch(url(`offset=${end}&lab=short-poll.7`))
  await second.text()
  await soon(() => expect(lane('short-poll').exchanges[3]?.endedAtMs).toBeDefined())
  expect(lane('short-poll').arrows.at(-1)).toMatchObject({ label: '200 empty', isEmpty: true })
  expect(lane('short-poll').totals).toMatchObject({ requests: 4, emptyAnswers: 1 })
  for (const way of ways) {
    const { arrows, totals } = lane(way)
    const bytes = (from: string) =>
      arrows.filter((arrow) => arrow.from === from).reduce((sum, { byteLength }) => sum + byteLength, 0)
    expect([way, bytes('client'), bytes('server')]).toEqual([way, totals.bytesUp, totals.bytesDown])
    expect(arrows.filter(({ label }) => label === 'unreadable')).toEqual([])
    for (const arrow of arrows) {
      const parts = explain(arrow)
      expect(parts.map((each) => each.bytes).join('')).toBe(arrow.bytes)
      expect(parts.filter(({ name }) => name === 'unreadable')).toEqual([])
    }
  }
  expect(traced.some((event) => 'bytes' in event && event.byteLength > event.bytes.length)).toBe(true)
})
