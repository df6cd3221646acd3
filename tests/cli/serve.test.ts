import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startTestServer, temporaryFolder } from '../support/test-server.js'
import { CommandRun, tidings } from './command-run.js'

async function serve(...args: string[]): Promise<{ run: CommandRun; url: string }> {
  const run = new CommandRun(['serve', '--port', '0', ...args])
  await run.until(({ stdout }) => stdout.endsWith('\n'))
  return { run, url: run.stdout.trim().replace('tidings listening on ', '') }
}

test('serve says one line on stdout, when it is ready', async () => {
  const { run, url } = await serve('--engine', 'memory')
  expect(run.stdout).toMatch(/^tidings listening on http:\/\/127\.0\.0\.1:\d+\n$/)
  expect((await fetch(`${url}/v1/channels`)).status).toBe(200)
})

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s stops it with 0, and what was kept is there again',
  async (signal) => {
    const data = await temporaryFolder()
    const first = await serve('--data', data)
    const published = await tidings(['publish', 'cake', '--create', '"kept"'], { url: first.url })
    expect(published.code).toBe(0)
    first.run.child.kill(signal)
    expect(await first.run.outcome()).toMatchObject({ code: 0 })

    const second = await serve('--data', data)
    expect(await tidings(['read', 'cake'], { url: second.url })).toMatchObject({
      code: 0,
      stdout: '"kept"\n',
    })
  },
)

test('a stop ends those who listen', async () => {
  const { run, url } = await serve('--engine', 'memory')
  await tidings(['create', 'cake'], { url })
  const stream = await fetch(`${url}/v1/stream/cake?live=sse&offset=now`)
  const heard = stream.text()
  expect(await run.interrupt()).toMatchObject({ code: 0 })
  expect(await heard).toMatch(/retry:\d+\n\n$/)
})

test('Ctrl-C by hand a second time ends it at once, with 130', async () => {
  const { run, url } = await serve('--engine', 'memory')
  const { hostname, port } = new URL(url)
  // A request whose body never comes keeps the stop waiting.
  const unfinished = connect(Number(port), hostname)
  unfinished.on('error', () => {})
  unfinished.write(
    `POST /v1/stream/cake HTTP/1.1\r\nhost: ${hostname}\r\ncontent-length: 9\r\nexpect: 100-continue\r\n\r\n`,
  )
  await once(unfinished, 'data')

  const impatience = setInterval(() => run.child.kill('SIGINT'), 50)
  const { code } = await run.outcome()
  clearInterval(impatience)
  unfinished.destroy()
  expect(code).toBe(130)
})

test('settings come from the environment as well, and flags beat them', async () => {
  const environment = { TIDINGS_PORT: '1', TIDINGS_ENGINE: 'memory' }
  const run = new CommandRun(['serve', '--port', '0'], { environment })
  await run.until(({ stdout, stderr }) => stdout.endsWith('\n') && stderr.includes('in memory'))
  expect(run.stdout).not.toContain(':1\n')
})

test('an address that others reach is refused without --public', async () => {
  const { code, stdout, stderr } = await tidings(['serve', '--host', '0.0.0.0', '--port', '0'])
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(/^tidings: 0\.0\.0\.0 can be reached by others.* say --public\.\n$/)
})

test('a setting in the environment that makes no sense is named', async () => {
  const { code, stderr } = await tidings(['serve'], { environment: { TIDINGS_PORT: 'x' } })
  expect(code).toBe(2)
  expect(stderr).toBe('tidings: TIDINGS_PORT: "x" is no whole number from 0 to 65535.\n')
})

test('a port that is in use is refused in a sentence that says what to do', async () => {
  const other = await startTestServer()
  const { port } = new URL(other.url)
  const { code, stderr } = await tidings(['serve', '--port', port, '--engine', 'memory'])
  expect(code).toBe(1)
  expect(stderr).toMatch(new RegExp(`^tidings: Port ${port} on 127\\.0\\.0\\.1 is in use\\..*--port.*\n$`))
})

test('the second server on one folder is refused, and told who holds it', async () => {
  const data = await temporaryFolder()
  const first = await serve('--data', data)
  const { code, stderr } = await tidings(['serve', '--port', '0', '--data', data])
  expect(code).toBe(1)
  expect(stderr).toMatch(/^tidings: [^\n]*\n$/)
  expect(stderr).toContain(`in use by process ${first.run.child.pid} `)
})

test('a folder that can not be made is refused in one sentence', async () => {
  const file = join(await temporaryFolder(), 'file')
  await writeFile(file, '')
  const { code, stderr } = await tidings(['serve', '--port', '0', '--data', join(file, 'data')])
  expect(code).toBe(1)
  expect(stderr).toMatch(/^tidings: The data folder [^\n]*--data or TIDINGS_DATA\.\n$/)
})
