import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type RunningServer, startServer, verifyFolder } from 'tidings'
import { expect, onTestFinished, test } from 'vitest'
import { tidings } from '../cli/command-run.js'
import { startTestServer, temporaryFolder } from '../support/test-server.js'

const json = { 'content-type': 'application/json' }

async function startOn(data: string, durability: 'fsync' | 'os' = 'fsync'): Promise<RunningServer> {
  const server = await startServer({ data, port: 0, durability })
  onTestFinished(() => server.close())
  return server
}

async function append(server: RunningServer, channel: string, n: number): Promise<string> {
  const body = JSON.stringify([{ n, filling: 'x'.repeat(500) }])
  const answer = await fetch(`${server.url}/v1/stream/${channel}`, { method: 'POST', headers: json, body })
  expect(answer.status).toBe(204)
  return answer.headers.get('stream-next-offset') as string
}

async function numbersFrom(server: RunningServer, channel: string, offset: string): Promise<number[]> {
  const answer = await fetch(`${server.url}/v1/stream/${channel}?offset=${offset}`)
  expect(answer.status).toBe(200)
  return ((await answer.json()) as { n: number }[]).map(({ n }) => n)
}

test.each(['fsync', 'os'] as const)(
  'a backup made while publishers go on (%s) has all that was acknowledged before, and a server goes on from it',
  async (durability) => {
    const data = join(await temporaryFolder(), 'data')
    const copy = join(await temporaryFolder(), 'not', 'there', 'yet')
    const server = await startOn(data, durability)
    const channels = ['cake', 'orders/1', 'orders/2']
    for (const channel of [...channels, 'orders/3']) {
      // Also what asks for fsync, and so would lose nothing by a stop, goes on under a new history in a copy.
      const headers = { ...json, ...(channel === 'cake' && { 'stream-durability': 'fsync' }) }
      await fetch(`${server.url}/v1/stream/${channel}`, { method: 'PUT', headers })
    }
    await append(server, 'cake', 0)
    await fetch(`${server.url}/v1/stream/fork`, {
      method: 'PUT',
      headers: { ...json, 'stream-forked-from': '/v1/stream/cake' },
    })

    const acknowledged: number[] = channels.map((_, index) => (index === 0 ? 1 : 0))
    const lastOffsets: string[] = []
    let isDone = false
    const publishing = channels.map(async (channel, index) => {
      while (!isDone) {
        lastOffsets[index] = await append(server, channel, acknowledged[index] as number)
        acknowledged[index] = (acknowledged[index] as number) + 1
      }
    })
    while (acknowledged.some((count) => count < 20)) await append(server, 'orders/3', 0)
    const before = [...acknowledged]
    const offsetsBefore = [...lastOffsets]
    const made = await tidings(['backup', copy, '--data', data], { url: server.url })
    expect(made).toMatchObject({ code: 0, stdout: '', stderr: `tidings: backed up to ${copy}\n` })
    isDone = true
    await Promise.all(publishing)
    await append(server, 'cake', 1_000_000)
    const beyond = await append(server, 'cake', 1_000_001)

    expect(await readdir(copy)).toEqual(['data.mdb', 'tidings.json'])
    expect((await verifyFolder(copy)).faults).toEqual([])
    const restored = await startOn(copy)
    for (const [index, channel] of channels.entries()) {
      const heard = await numbersFrom(restored, channel, '-1')
      const expected = Array.from({ length: heard.length }, (_, n) => n)
      expect(heard).toEqual(expected)
      expect(heard.length).toBeGreaterThanOrEqual(before[index] as number)
      // An offset that was good before is good in the copy, and goes on at the same message.
      const next = await numbersFrom(restored, channel, offsetsBefore[index] as string)
      expect(next).toEqual(expected.slice(before[index]))
    }
    expect(await numbersFrom(restored, 'fork', '-1')).toEqual([0])
    // What the server said after the copy was made is refused by it, also when it has as many messages again.
    for (let n = 0; n < (acknowledged[0] as number) + 10; n++) await append(restored, 'cake', n)
    expect((await fetch(`${restored.url}/v1/stream/cake?offset=${beyond}`)).status).toBe(410)
  },
)

test('a backup into a folder that is not empty is refused, and changes nothing there', async () => {
  const data = join(await temporaryFolder(), 'data')
  const server = await startOn(data)
  const target = await temporaryFolder()
  await writeFile(join(target, 'mine'), 'stays')
  const { code, stderr } = await tidings(['backup', target, '--data', data], { url: server.url })
  expect(code).toBe(1)
  expect(stderr).toMatch(/^tidings: The folder .* is not empty\./)
  expect(await readdir(target)).toEqual(['mine'])
  expect(await readFile(join(target, 'mine'), 'utf8')).toBe('stays')
})

test('a backup to where nothing can be written is refused with the reason', async () => {
  const data = join(await temporaryFolder(), 'data')
  const server = await startOn(data)
  const file = join(await temporaryFolder(), 'file')
  await writeFile(file, '')
  const { code, stderr } = await tidings(['backup', join(file, 'copy'), '--data', data], { url: server.url })
  expect(code).toBe(1)
  expect(stderr).toMatch(/^tidings: The folder .* can not be used: ENOTDIR/)
})

test('only who can read the data folder gets a backup: not without its token, nor a web page', async () => {
  const data = join(await temporaryFolder(), 'data')
  const server = await startOn(data)
  const target = join(await temporaryFolder(), 'copy')
  const token = (await readFile(join(data, 'admin-token'), 'utf8')).trim()
  expect((await stat(join(data, 'admin-token'))).mode & 0o777).toBe(0o600)
  const ask = (headers: Record<string, string>) =>
    fetch(`${server.url}/v1/backup`, { method: 'POST', headers, body: JSON.stringify({ folder: target }) })
  for (const headers of [
    {},
    { authorization: 'Bearer ' },
    { authorization: `Bearer ${token.slice(1)}x` },
    { authorization: token },
    { authorization: `Bearer ${token}`, origin: 'http://localhost:3000' },
  ]) {
    const answer = await ask(headers as Record<string, string>)
    expect(answer.status).toBe(403)
    expect(await answer.json()).toMatchObject({ code: 'admin-refused' })
  }
  await expect(stat(target)).rejects.toThrow('ENOENT')
  expect((await ask({ authorization: `Bearer ${token}` })).status).toBe(204)
})

test.each(['', '{', '[]', '{"folder":7}', '{"folder":"relative"}'])(
  'a request for a backup to %j is refused',
  async (body) => {
    const data = join(await temporaryFolder(), 'data')
    const server = await startOn(data)
    const token = (await readFile(join(data, 'admin-token'), 'utf8')).trim()
    const headers = { authorization: `Bearer ${token}` }
    const answer = await fetch(`${server.url}/v1/backup`, { method: 'POST', headers, body })
    expect(answer.status).toBe(409)
    expect(await answer.json()).toMatchObject({ code: 'backup-refused' })
  },
)

test('the command says what to do without a data folder, without a server, and when all is in memory', async () => {
  const folder = await temporaryFolder()
  const target = join(folder, 'copy')
  const none = await tidings(['backup', target, '--data', folder])
  expect(none.code).toBe(1)
  expect(none.stderr).toMatch(/admin-token can not be read .*--data or TIDINGS_DATA/)

  await writeFile(join(folder, 'admin-token'), 'of an earlier start\n')
  const away = await tidings(['backup', target, '--data', folder, '--url', 'http://127.0.0.1:1'])
  expect(away.stderr).toMatch(/^tidings: http:\/\/127\.0\.0\.1:1 does not answer .*--url/)

  const memory = await startTestServer()
  const refused = await tidings(['backup', target, '--data', folder], { url: memory.url })
  expect(refused.code).toBe(1)
  await mkdir(target)
  expect(await readdir(target)).toEqual([])
})
