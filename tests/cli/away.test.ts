import { expect, test } from 'vitest'
import { startTestServer, temporaryFolder } from '../support/test-server.js'
import { CommandRun, tidings } from './command-run.js'

const ways = ['short-poll', 'long-poll', 'sse', 'websocket']

/** A port that was listened on a moment ago and is not any more. */
async function freePort(): Promise<number> {
  const server = await startTestServer()
  await server.close()
  return server.settings.port
}

test.each([
  ['ls'],
  ['head', 'cake'],
  ['read', 'cake', '--follow'],
  ['publish', 'cake', '1'],
  ['create', 'cake'],
])('%j says clearly that no server is there', async (...args) => {
  const url = `http://127.0.0.1:${await freePort()}`
  const { code, stdout, stderr } = await tidings([...args, '--retries', '1'], { url })
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  const [first, last, ...rest] = stderr.split('\n')
  expect(first).toMatch(/^tidings: .* Trying again in \d+\.\d s\.$/)
  expect(last).toContain(
    `Is one running at ${url}? Start it with "tidings serve", or name another with --url.`,
  )
  expect(rest).toEqual([''])
})

test('a reader that started before its server waits for it', async () => {
  const data = await temporaryFolder()
  const before = await startTestServer({ engine: 'disk', data })
  await tidings(['publish', 'cake', '--create', '1'], { url: before.url })
  await before.close()

  const reading = new CommandRun(['read', 'cake', '--retries', '1000'], { url: before.url })
  await reading.until(({ stderr }) => stderr.includes('Trying again'))
  await startTestServer({ engine: 'disk', data, port: before.settings.port })
  expect(await reading.outcome()).toMatchObject({ code: 0, stdout: '1\n' })
})

test.each(ways)('a --follow over %s goes on when its server is back', async (way) => {
  const data = await temporaryFolder()
  const before = await startTestServer({ engine: 'disk', data })
  const { url } = before
  await tidings(['publish', 'cake', '--create', '1'], { url })
  const follow = ['read', 'cake', '--follow', '--live', way, '--interval', '20']
  const reading = new CommandRun(follow, { url })
  await reading.until(({ stdout }) => stdout === '1\n')
  await before.close()
  await reading.until(({ stderr }) => stderr.includes('Trying again'))

  await startTestServer({ engine: 'disk', data, port: before.settings.port })
  await tidings(['publish', 'cake', '2', '--close'], { url })
  expect(await reading.outcome()).toMatchObject({ code: 0, stdout: '1\n2\n' })
})

test('lines that come while the server is away are kept when it is back', async () => {
  const data = await temporaryFolder()
  const before = await startTestServer({ engine: 'disk', data })
  const { url } = before
  const publishing = new CommandRun(['publish', 'cake', '--create'], { url })
  await publishing.until(({ stderr }) => stderr.includes('made cake'))
  await before.close()
  publishing.end('1\n2\n')
  await publishing.until(({ stderr }) => stderr.includes('Trying again'))

  await startTestServer({ engine: 'disk', data, port: before.settings.port })
  expect(await publishing.outcome()).toMatchObject({ code: 0 })
  expect((await tidings(['read', 'cake'], { url })).stdout).toBe('1\n2\n')
})
