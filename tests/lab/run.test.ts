import { once } from 'node:events'
import { labLimits } from '@tidings/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { LabRun } from './lab-run.js'

const noReaders = { 'short-poll': 0, 'long-poll': 0, sse: 0, websocket: 0 }
const workload = { messagesPerSecond: 50, burst: 1, messageBytes: 100, readers: noReaders }

async function channelsOf(server: { readonly url: string }): Promise<string[]> {
  const answer = await fetch(`${server.url}/v1/channels`)
  const { channels } = (await answer.json()) as { channels: { name: string }[] }
  return channels.map(({ name }) => name)
}

test('a run publishes numbered messages of the length that was asked for, and its numbers go on when that changes', async () => {
  const server = await startTestServer()
  const run = await LabRun.open(server)
  const heard: { n: number; atMs: number; text: string }[] = []
  const lengths = new Set<number>()
  const socket = new WebSocket(
    `${server.url.replace('http', 'ws')}/v1/stream/${run.channel}?live=websocket&offset=-1`,
  )
  socket.on('message', (data: Buffer) => {
    heard.push(JSON.parse(data.toString()))
    lengths.add(data.byteLength)
  })
  run.ask({ type: 'workload', workload })
  while (heard.length < 5) await once(socket, 'message')
  expect([...lengths]).toEqual([100])
  run.ask({
    type: 'workload',
    workload: { ...workload, messagesPerSecond: 100, burst: 10, messageBytes: 300 },
  })
  while (heard.length < 40) await once(socket, 'message')
  expect([...lengths]).toEqual([100, 300])
  expect(heard.map(({ n }) => n)).toEqual(heard.map((_, index) => index + 1))
  socket.terminate()
})

test('with its socket a run ends: its channel is removed, and nothing of it goes on', async () => {
  const server = await startTestServer()
  const run = await LabRun.open(server)
  run.ask({ type: 'workload', workload })
  expect(await channelsOf(server)).toEqual([run.channel])
  const reading = fetch(`${server.url}/v1/stream/${run.channel}?offset=now&live=sse`).then((answer) =>
    answer.text(),
  )
  await run.close()
  await reading
  while ((await channelsOf(server)).length > 0) await new Promise(setImmediate)
  await statsOf(server).untilNothingIsHeld()
  expect((await fetch(`${server.url}${run.line}hopper/v1/stream/${run.channel}`)).status).toBe(404)
})

test('what a page asks wrongly is refused with a code and a sentence, and changes nothing', async () => {
  const server = await startTestServer()
  const run = await LabRun.open(server)
  const wrong = [
    'no json',
    '[]',
    '{"type":"nonsense"}',
    '{"type":"workload"}',
    JSON.stringify({
      type: 'workload',
      workload: { ...workload, messagesPerSecond: labLimits.messagesPerSecond + 1 },
    }),
    JSON.stringify({ type: 'workload', workload: { ...workload, messageBytes: 1e9 } }),
    JSON.stringify({ type: 'workload', workload: { ...workload, burst: 1.5 } }),
    JSON.stringify({ type: 'workload', workload: { ...workload, readers: { ...noReaders, sse: 201 } } }),
    '{"type":"faults","faults":{"delayMs":-1,"buffers":false,"upgrades":"pass"}}',
    '{"type":"faults","faults":{"delayMs":0,"buffers":1,"upgrades":"pass"}}',
    '{"type":"faults","faults":{"delayMs":0,"buffers":true,"upgrades":"maybe"}}',
    '{"type":"offline","forMs":1e9}',
    '{"type":"close"}',
    `{"type":"cut","padding":"${'x'.repeat(5_000)}"}`,
  ]
  for (const text of wrong) run.send(text)
  await run.until(({ notices }) => notices.filter(({ type }) => type === 'refused').length === wrong.length)
  for (const notice of run.notices) {
    expect(notice).toMatchObject({ type: 'refused', code: 'envelope-invalid' })
    if (notice.type === 'refused') expect(notice.detail).toMatch(/^[A-Z"].*\.$/)
  }
  const read = await fetch(`${server.url}/v1/stream/${run.channel}?offset=-1`)
  expect(await read.text()).toBe('[]')
})

test('the clock is told beside the time that it was asked at', async () => {
  const server = await startTestServer()
  const run = await LabRun.open(server)
  const before = Date.now()
  run.ask({ type: 'clock', askedAtMs: 123.5 })
  await run.until(({ notices }) => notices.length === 1)
  const [notice] = run.notices
  expect(notice).toMatchObject({ type: 'clock', askedAtMs: 123.5 })
  if (notice?.type === 'clock') expect(Math.abs(notice.atMs - before)).toBeLessThan(60_000)
})

test('runs past the most are refused with 503, and one that ends makes room', async () => {
  const server = await startTestServer()
  const runs: LabRun[] = []
  while (runs.length < labLimits.runs) runs.push(await LabRun.open(server))
  const refused = new WebSocket(`${server.url.replace('http', 'ws')}/lab/run`)
  const [error] = (await once(refused, 'error')) as [Error]
  expect(error.message).toContain('503')
  await runs[0]?.close()
  while ((await channelsOf(server)).length === labLimits.runs) await new Promise(setImmediate)
  await LabRun.open(server)
})

test('a run is a WebSocket, of a page of this server', async () => {
  const server = await startTestServer()
  const plain = await fetch(`${server.url}/lab/run`)
  expect(plain.status).toBe(426)
  const foreign = new WebSocket(`${server.url.replace('http', 'ws')}/lab/run`, {
    origin: 'https://elsewhere.example',
  })
  const [error] = (await once(foreign, 'error')) as [Error]
  expect(error.message).toContain('403')
})

test('a server that others can reach, or that is told to, has no Lab', async () => {
  const off = await startTestServer({ lab: 'off' })
  const open = await startTestServer({ host: '0.0.0.0', public: true })
  const asked = await startTestServer({ host: '0.0.0.0', public: true, lab: 'on' })
  const statusOf = async (url: string) => (await fetch(`${url}/lab/run`)).status
  const local = (url: string) => url.replace('0.0.0.0', '127.0.0.1')
  expect(await statusOf(off.url)).toBe(404)
  expect(await statusOf(local(open.url))).toBe(404)
  expect(await statusOf(local(asked.url))).toBe(426)
})

test('a server that stops ends its runs', async () => {
  const server = await startTestServer()
  const run = await LabRun.open(server)
  run.ask({ type: 'workload', workload })
  await run.until(() => true)
  await server.close()
  await expect(fetch(server.url)).rejects.toThrow()
})

test('a workload of a message in many years waits for it quietly', async () => {
  const server = await startTestServer()
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on('warning', onWarning)
  onTestFinished(() => void process.off('warning', onWarning))
  const run = await LabRun.open(server)
  run.ask({ type: 'workload', workload: { ...workload, messagesPerSecond: 1e-9 } })
  run.ask({ type: 'clock', askedAtMs: 0 })
  await run.until(({ notices }) => notices.some(({ type }) => type === 'clock'))
  // A warning is told in a later turn.
  await new Promise(setImmediate)
  expect(warnings).toEqual([])
})
