import { once } from 'node:events'
import { expect, test } from 'vitest'
import { startTestServer } from '../support/test-server.js'
import { CommandRun, tidings } from './command-run.js'

const ways = ['short-poll', 'long-poll', 'sse', 'websocket'] as const

async function channelWith(url: string, ...values: string[]): Promise<void> {
  const { code } = await tidings(['publish', 'cake', '--create', '--', ...values], { url })
  expect(code).toBe(0)
}

test.each(ways)('history over %s is printed as it was published, and then it ends', async (way) => {
  const { url } = await startTestServer()
  await channelWith(url, '9007199254740993', '{"b":1,"a":1.0}', '"\\u0041"')
  const { code, stdout, stderr } = await tidings(['read', 'cake', '--live', way], { url })
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: '9007199254740993\n{"b":1,"a":1.0}\n"\\u0041"\n',
    stderr: '',
  })
})

test.each(ways)('--follow over %s goes on with what comes, until the channel is closed', async (way) => {
  const { url } = await startTestServer({ longPollMs: 200 })
  await channelWith(url, '1')
  const reading = new CommandRun(['read', 'cake', '--follow', '--live', way, '--interval', '20'], { url })
  await reading.until(({ stdout }) => stdout === '1\n')
  await tidings(['publish', 'cake', '2', '3'], { url })
  await reading.until(({ stdout }) => stdout === '1\n2\n3\n')
  await tidings(['close', 'cake'], { url })
  expect(await reading.outcome()).toMatchObject({ code: 0, stderr: 'tidings: cake is closed\n' })
})

test.each(ways)('a message with line breaks between its tokens is one line over %s', async (way) => {
  const { url } = await startTestServer()
  await tidings(['create', 'cake'], { url })
  const body = '[\n{"a":\r\n1,\n\n"b":\r2}\n,\n"c"\n]'
  await fetch(`${url}/v1/stream/cake`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  expect((await tidings(['read', 'cake', '--live', way], { url })).stdout).toBe('{"a": 1,  "b": 2}\n"c"\n')
})

test.each(ways)('Ctrl-C ends --follow over %s with 0', async (way) => {
  const { url } = await startTestServer()
  await channelWith(url, '1')
  const reading = new CommandRun(['read', 'cake', '--follow', '--live', way], { url })
  await reading.until(({ stdout }) => stdout === '1\n')
  expect(await reading.interrupt()).toEqual({ code: 0, stdout: '1\n', stderr: '' })
})

test.each(ways)('--offset now over %s prints nothing of what is there', async (way) => {
  const { url } = await startTestServer()
  await channelWith(url, '1')
  const { code, stdout, stderr } = await tidings(
    ['read', 'cake', '--live', way, '--offset', 'now', '--offsets'],
    { url },
  )
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
  expect(stderr).toMatch(/^tidings: next offset \d{16}_0{15}1\n$/)
})

test('what --offsets says is where another read goes on', async () => {
  const { url } = await startTestServer()
  await channelWith(url, '1', '2')
  const first = await tidings(['read', 'cake', '--offsets'], { url })
  const offset = /next offset (\S+)\n$/.exec(first.stderr)?.[1] ?? ''
  await tidings(['publish', 'cake', '3'], { url })
  expect((await tidings(['read', 'cake', '--offset', offset], { url })).stdout).toBe('3\n')
})

test('an offset of another history is a failure that tells the good ones', async () => {
  const { url } = await startTestServer()
  await channelWith(url, '1')
  const { code, stderr } = await tidings(['read', 'cake', '--offset', '0000000000000001_0000000000000001'], {
    url,
  })
  expect(code).toBe(1)
  expect(stderr).toMatch(/^tidings: .*earliest: \d{16}_\d{16}, latest: \d{16}_\d{16}/)
})

test.each(ways)('a channel that is removed under a --follow over %s ends it with 3', async (way) => {
  const { url } = await startTestServer()
  await channelWith(url, '1')
  const reading = new CommandRun(['read', 'cake', '--follow', '--live', way, '--interval', '20'], { url })
  await reading.until(({ stdout }) => stdout === '1\n')
  await tidings(['rm', 'cake'], { url })
  expect(await reading.outcome()).toMatchObject({ code: 3, stderr: expect.stringMatching(/^tidings: .+\n$/) })
})

test('a reader of stdout that goes (| head) is a quiet end', async () => {
  const { url } = await startTestServer()
  await tidings(['publish', 'cake', '--create', '-q'], {
    url,
    input: `${'x'.repeat(50_000)}\n`.repeat(40).replaceAll(/x+/g, '"$&"'),
  })
  const reading = new CommandRun(['read', 'cake', '--follow'], { url })
  const { stdout } = reading.child
  if (!stdout) throw new Error('no stdout')
  await once(stdout, 'data')
  stdout.destroy()
  expect(await reading.outcome()).toMatchObject({ code: 0, stderr: '' })
})

test.each(ways)('--last and --since over %s print the end of what is there', async (way) => {
  const { url } = await startTestServer({ longPollMs: 200 })
  await channelWith(url, '1', '2', '3')
  const read = async (...flags: string[]) =>
    (await tidings(['read', 'cake', '--live', way, ...flags], { url })).stdout
  expect(await read('--last', '2')).toBe('2\n3\n')
  expect(await read('--last', '0')).toBe('')
  expect(await read('--since', '2000-01-01T00:00:00Z')).toBe('1\n2\n3\n')
  expect(await read('--since', '2100-01-01T00:00:00Z')).toBe('')
})

test.each([
  [['--last', '-1'], 'whole number'],
  [['--last', 'ten'], 'whole number'],
  [['--since', 'yesterday'], 'RFC 3339'],
  [['--last', '1', '--since', '2000-01-01T00:00:00Z'], 'cannot be used with'],
  [['--last', '1', '--offset', '-1'], 'cannot be used with'],
])('read %j is a usage error that says what to write', async (flags, words) => {
  const { code, stderr } = await tidings(['read', 'cake', ...flags], { url: 'http://127.0.0.1:1' })
  expect(code).toBe(2)
  expect(stderr).toContain(words)
})
