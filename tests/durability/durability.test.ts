import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type RunningServer, startServer, verifyFolder } from 'tidings'
import { expect, onTestFinished, test } from 'vitest'
import { json, makeChannel, post } from '../retention/support.js'
import { startTestServer, temporaryFolder } from '../support/test-server.js'

async function startOn(data: string, durability: 'fsync' | 'os' = 'fsync'): Promise<RunningServer> {
  const server = await startServer({ data, port: 0, durability })
  onTestFinished(() => server.close())
  return server
}

async function durabilityOf(url: string): Promise<string | null> {
  return (await fetch(url, { method: 'HEAD' })).headers.get('stream-durability')
}

test.each(['fsync', 'os'] as const)(
  'with --durability %s each channel has what it asks for, and that if it does not',
  async (usual) => {
    const server = await startOn(await temporaryFolder(), usual)
    for (const asked of ['fsync', 'os', 'memory']) {
      const url = await makeChannel(server, { 'stream-durability': asked }, asked)
      expect(await durabilityOf(url)).toBe(asked)
      await post(url, asked)
      expect(await (await fetch(url)).json()).toEqual([asked])
    }
    expect(await durabilityOf(await makeChannel(server, {}, 'none'))).toBe(usual)
  },
)

test('after an operating system that stopped, channels of os go on under a new history, those of fsync as they were', async () => {
  const data = await temporaryFolder()
  const first = await startOn(data, 'os')
  const offsets: Record<string, string> = {}
  for (const asked of ['fsync', 'os']) {
    offsets[asked] = await post(await makeChannel(first, { 'stream-durability': asked }, asked), 1)
  }
  await first.close()
  // What the folder says of itself when the last server on it ran in another run of the system, and was cut off.
  const file = join(data, 'tidings.json')
  const record = JSON.parse(await readFile(file, 'utf8')) as object
  await writeFile(file, JSON.stringify({ ...record, isSettled: false, bootId: 'of another run' }))

  const second = await startOn(data, 'os')
  for (const asked of ['fsync', 'os']) {
    const url = `${second.url}/v1/stream/${asked}`
    expect((await fetch(`${url}?offset=${offsets[asked]}`)).status).toBe(200)
    const next = await post(url, 2)
    expect(next.slice(0, 16) === offsets[asked]?.slice(0, 16)).toBe(asked === 'fsync')
  }
})

test('messages of a memory channel are never on the disk; the channel is there after a restart, under a new history', async () => {
  const data = await temporaryFolder()
  const first = await startOn(data)
  const url = await makeChannel(first, { 'stream-durability': 'memory', 'stream-retention-count': '100' })
  const kept = await makeChannel(first, {}, 'kept')
  const beginning = (await fetch(url, { method: 'HEAD' })).headers.get('stream-next-offset')
  const offset = await post(url, 'seen by nobody on the disk')
  await post(kept, 'seen on the disk')
  expect(await (await fetch(url)).json()).toEqual(['seen by nobody on the disk'])
  await first.close()
  const file = await readFile(join(data, 'data.mdb'))
  expect(file.includes('seen on the disk')).toBe(true)
  expect(file.includes('seen by nobody')).toBe(false)
  expect((await verifyFolder(data)).faults).toEqual([])

  const second = await startOn(data)
  const again = `${second.url}/v1/stream/cake`
  const head = await fetch(again, { method: 'HEAD' })
  expect(Object.fromEntries(head.headers)).toMatchObject({
    'stream-durability': 'memory',
    'stream-retention-count': '100',
  })
  expect(await (await fetch(again)).json()).toEqual([])
  // Also who had heard nothing yet: all that came after it may have been missed.
  for (const heard of [offset, beginning]) {
    const gone = await fetch(`${again}?offset=${heard}`)
    expect(gone.status).toBe(410)
    expect(await gone.json()).toMatchObject({ code: 'history-changed' })
  }
  // Who publishes need not make it again; what comes has offsets that were never told before.
  const next = await post(again, 'after')
  expect(next.slice(17)).toBe(offset.slice(17))
  expect(next > offset).toBe(true)
  expect((await fetch(`${again}?offset=${offset}`)).status).toBe(410)
  expect(await (await fetch(`${second.url}/v1/stream/kept`)).json()).toEqual(['seen on the disk'])
})

test('a memory channel that was closed or deleted is so after a restart', async () => {
  const data = await temporaryFolder()
  const first = await startOn(data)
  const memory = { 'stream-durability': 'memory' }
  const closed = await makeChannel(first, memory, 'closed')
  const deleted = await makeChannel(first, memory, 'deleted')
  await fetch(closed, { method: 'POST', headers: { 'stream-closed': 'true' } })
  await fetch(deleted, { method: 'DELETE' })
  await first.close()
  const second = await startOn(data)
  const head = await fetch(`${second.url}/v1/stream/closed`, { method: 'HEAD' })
  expect(head.headers.get('stream-closed')).toBe('true')
  expect((await fetch(`${second.url}/v1/stream/deleted`, { method: 'HEAD' })).status).toBe(404)
  await makeChannel(second, {}, 'deleted')
})

test('a kept channel that has the name of a memory channel which was deleted is as it was after a restart', async () => {
  const data = await temporaryFolder()
  const first = await startOn(data)
  const url = await makeChannel(first, { 'stream-durability': 'memory' })
  await post(url, 'in memory')
  await fetch(url, { method: 'DELETE' })
  const offset = await post(await makeChannel(first, {}), 'kept')
  await first.close()
  expect((await verifyFolder(data)).faults).toEqual([])
  const second = await startOn(data)
  const again = `${second.url}/v1/stream/cake`
  expect(await (await fetch(again)).json()).toEqual(['kept'])
  expect((await post(again, 'more')).slice(0, 16)).toBe(offset.slice(0, 16))
})

test('appends to memory channels alone write nothing to the disk', async () => {
  const data = await temporaryFolder()
  const server = await startOn(data)
  const url = await makeChannel(server, { 'stream-durability': 'memory' })
  const before = await readFile(join(data, 'data.mdb'))
  for (let n = 0; n < 50; n++) await post(url, n)
  expect(Buffer.compare(await readFile(join(data, 'data.mdb')), before)).toBe(0)
})

test('a memory channel without bounds of its own keeps a mebibyte, and ten thousand messages', async () => {
  const server = await startOn(await temporaryFolder())
  const url = await makeChannel(server, { 'stream-durability': 'memory', 'stream-retention-age': '60' })
  const head = await fetch(url, { method: 'HEAD' })
  expect(head.headers.get('stream-retention-bytes')).toBe(String(1024 * 1024))
  expect(head.headers.get('stream-retention-count')).toBe('10000')
  for (let n = 0; n < 30; n++) await post(url, `${n} ${'x'.repeat(100_000)}`)
  for (;;) {
    const { headers } = await fetch(url, { method: 'HEAD' })
    const earliest = Number(headers.get('stream-earliest-offset')?.slice(17))
    if (earliest >= 18) break
  }
  // To make it again without the bound is to make the same.
  const same = { ...json, 'stream-durability': 'memory', 'stream-retention-age': '60' }
  expect((await fetch(url, { method: 'PUT', headers: same })).status).toBe(200)
  // To name one of them leaves the other.
  const few = await makeChannel(
    server,
    { 'stream-durability': 'memory', 'stream-retention-count': '5' },
    'few',
  )
  const { headers } = await fetch(few, { method: 'HEAD' })
  expect(headers.get('stream-retention-count')).toBe('5')
  expect(headers.get('stream-retention-bytes')).toBe(String(1024 * 1024))
})

test('durability is part of what a channel is made as', async () => {
  const server = await startOn(await temporaryFolder())
  const url = await makeChannel(server, { 'stream-durability': 'os' })
  const put = (headers: Record<string, string>) =>
    fetch(url, { method: 'PUT', headers: { ...json, ...headers } })
  expect((await put({ 'stream-durability': 'os' })).status).toBe(200)
  for (const other of ['fsync', 'memory']) {
    expect((await put({ 'stream-durability': other })).status).toBe(409)
  }
  expect((await put({})).status).toBe(409)
})

test('a server in memory does not promise more; what is no durability is refused', async () => {
  const server = await startTestServer()
  const url = `${server.url}/v1/stream/cake`
  for (const [durability, status, code] of [
    ['fsync', 409, 'durability-unavailable'],
    ['os', 409, 'durability-unavailable'],
    ['stone', 400, 'durability-invalid'],
    ['', 400, 'durability-invalid'],
  ] as const) {
    const answer = await fetch(url, { method: 'PUT', headers: { ...json, 'stream-durability': durability } })
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ code })
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(404)
  }
  await makeChannel(server, { 'stream-durability': 'memory' })
})

test('a memory channel is neither forked nor a fork', async () => {
  const server = await startOn(await temporaryFolder())
  await makeChannel(server, { 'stream-durability': 'memory' }, 'memory')
  await makeChannel(server, {}, 'kept')
  const forks: Record<string, string>[] = [
    { 'stream-forked-from': '/v1/stream/memory' },
    { 'stream-forked-from': '/v1/stream/kept', 'stream-durability': 'memory' },
  ]
  for (const headers of forks) {
    const answer = await fetch(`${server.url}/v1/stream/fork`, {
      method: 'PUT',
      headers: { ...json, ...headers },
    })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ code: 'fork-invalid' })
  }
})
