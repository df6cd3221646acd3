import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { startTestServer } from '../support/test-server.js'
import { CommandRun, tidings } from './command-run.js'

const overPostAndSocket = [
  { over: 'POST', live: [] },
  { over: 'a WebSocket', live: ['--live', 'websocket'] },
]

/** What the server holds, as it stands on the wire. */
async function held(url: string, channel: string): Promise<string> {
  return await (await fetch(`${url}/v1/stream/${channel}`)).text()
}

test.each(overPostAndSocket)('JSON values are published byte for byte over $over', async ({ live }) => {
  const { url } = await startTestServer()
  const values = ['9007199254740993', '{"b":1,"a":1.0}', '[1, 2]', '"a\\u0041"']
  const { code, stdout, stderr } = await tidings(['publish', 'cake', '--create', ...live, '--', ...values], {
    url,
  })
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
  expect(stderr).toMatch(/4 messages kept in cake; next offset \d{16}_0{15}4\n$/)
  expect(await held(url, 'cake')).toBe(`[${values.join(',')}]`)
})

test.each(overPostAndSocket)('lines are heard over $over before the input ends', async ({ live }) => {
  const { url } = await startTestServer()
  const publishing = new CommandRun(['publish', 'cake', '--create', ...live], { url })
  await publishing.until(({ stderr }) => stderr.includes('made cake'))
  const reading = new CommandRun(['read', 'cake', '--follow'], { url })
  for (const line of ['1', '{"b":1,"a":1.0}', '3']) {
    publishing.write(`${line}\n`)
    await reading.until(({ stdout }) => stdout.endsWith(`${line}\n`))
  }
  publishing.end('\n\n4')
  await reading.until(({ stdout }) => stdout === '1\n{"b":1,"a":1.0}\n3\n4\n')
  expect(await publishing.outcome()).toMatchObject({ code: 0 })
})

test('with --string arguments and lines are strings, whatever they look like', async () => {
  const { url } = await startTestServer()
  await tidings(['publish', 'log', '--create', '--string', 'hello', '42', ''], { url })
  await tidings(['publish', 'log', '--string'], {
    url,
    input: 'a "b"\n\n  {"c":1}\r\nä\u2028\ud83c\udf70\nend',
  })
  const lines = ['hello', '42', '', 'a "b"', '', '  {"c":1}\r', 'ä\u2028\ud83c\udf70', 'end']
  expect(JSON.parse(await held(url, 'log'))).toEqual(lines)
  expect((await tidings(['read', 'log', '--string'], { url })).stdout).toBe(
    lines.map((line) => `${line}\n`).join(''),
  )
})

test('a line that is not UTF-8 does not end the publishing of a log, and is spoken of', async () => {
  const { url } = await startTestServer()
  const input = Buffer.concat([Buffer.from('good\nbad '), Buffer.from([0xff]), Buffer.from('\ngood\n')])
  const { code, stderr } = await tidings(['publish', 'log', '--create', '--string'], { url, input })
  expect(code).toBe(0)
  expect(stderr).toContain('line 2 is not UTF-8')
  expect(JSON.parse(await held(url, 'log'))).toEqual(['good', 'bad \ufffd', 'good'])
})

test.each(overPostAndSocket)('a text file over $over reads back as it was', async ({ live }) => {
  const { url } = await startTestServer()
  const input = '\ufefffirst\n\n\r\n  third \nno end'
  await tidings(['publish', 'notes', '--create', '--content-type', 'text/plain', ...live], { url, input })
  expect((await tidings(['read', 'notes'], { url })).bytes).toEqual(Buffer.from(input))
})

test.each(overPostAndSocket)('bytes over $over read back as they were', async ({ live }) => {
  const { url } = await startTestServer()
  const input = randomBytes(300_000)
  const create = ['--create', '--content-type', 'application/octet-stream']
  await tidings(['publish', 'picture', ...create, ...live], { url, input })
  expect((await tidings(['read', 'picture'], { url })).bytes.equals(input)).toBe(true)
})

test('--close closes the channel behind the last message', async () => {
  const { url } = await startTestServer()
  expect((await tidings(['publish', 'cake', '--create', '--close', '1', '2'], { url })).code).toBe(0)
  expect(JSON.parse((await tidings(['head', 'cake', '--json'], { url })).stdout).closed).toBe(true)
  const { code, stderr } = await tidings(['publish', 'cake', '3'], { url })
  expect(code).toBe(1)
  expect(stderr).toMatch(/^tidings: message 1 was not kept: .+\n$/)
})

test('a line that is no JSON is named; what came before it is kept, what comes after is not sent', async () => {
  const { url } = await startTestServer()
  const { code, stderr } = await tidings(['publish', 'cake', '--create', '--close'], {
    url,
    input: '1\n2\noops\n4\n',
  })
  expect(code).toBe(1)
  expect(stderr).toContain(
    'tidings: line 3: oops is no JSON value. To publish it as a string, add --string.\n',
  )
  expect(await held(url, 'cake')).toBe('[1,2]')
  expect(JSON.parse((await tidings(['head', 'cake', '--json'], { url })).stdout).closed).toBe(false)
})

test('an argument that is no JSON is refused before anything is published', async () => {
  const { url } = await startTestServer()
  const { code, stderr } = await tidings(['publish', 'cake', '--create', '1', 'oops'], { url })
  expect(code).toBe(2)
  expect(stderr).toContain('oops is no JSON value')
  expect(await held(url, 'cake')).toBe('[]')
})

test.each(overPostAndSocket)(
  'a message that the server refuses over $over ends an input that goes on',
  async ({ live }) => {
    const { url } = await startTestServer({ maxMessageBytes: 100 })
    const publishing = new CommandRun(['publish', 'cake', '--create', ...live], { url })
    publishing.write(`1\n"${'x'.repeat(200)}"\n`)
    const { code, stderr } = await publishing.outcome()
    expect(code).toBe(1)
    expect(stderr).toContain('tidings: line 2 was not kept: ')
    expect(await held(url, 'cake')).toBe('[1]')
  },
)

test('a channel that holds something else than was asked for is a failure', async () => {
  const { url } = await startTestServer()
  await tidings(['create', 'cake'], { url })
  const { code, stderr } = await tidings(['publish', 'cake', '--content-type', 'text/plain', 'x'], { url })
  expect(code).toBe(1)
  expect(stderr).toContain('holds application/json, not text/plain')
})

test('Ctrl-C ends the reading; what was read is kept', async () => {
  const { url } = await startTestServer()
  const publishing = new CommandRun(['publish', 'cake', '--create'], { url })
  await publishing.until(({ stderr }) => stderr.includes('made cake'))
  const reading = new CommandRun(['read', 'cake', '--follow'], { url })
  publishing.write('1\n2\n"unfin')
  await reading.until(({ stdout }) => stdout === '1\n2\n')
  const { code, stderr } = await publishing.interrupt()
  expect(code).toBe(0)
  expect(stderr).toContain('2 messages kept in cake')
})
