import { expect, test } from 'vitest'
import { startTestServer } from '../support/test-server.js'
import { tidings } from './command-run.js'

test('a channel is made, listed, described, closed and removed', async () => {
  const { url } = await startTestServer()
  const nothing = { code: 0, stdout: '' }

  expect(await tidings(['create', 'cake'], { url })).toMatchObject({
    ...nothing,
    stderr: 'tidings: made cake (application/json)\n',
  })
  expect(await tidings(['create', 'cake'], { url })).toMatchObject({
    ...nothing,
    stderr: 'tidings: cake is there already (application/json)\n',
  })
  expect(await tidings(['create', 'a/note', '--content-type', 'text/plain', '-q'], { url })).toMatchObject({
    ...nothing,
    stderr: '',
  })
  expect(await tidings(['ls'], { url })).toMatchObject({ code: 0, stdout: 'a/note\ncake\n' })

  expect(await tidings(['close', 'cake'], { url })).toMatchObject(nothing)
  expect(await tidings(['close', 'cake'], { url })).toMatchObject(nothing)
  const { stdout } = await tidings(['ls', '--long'], { url })
  expect(stdout).toMatch(
    /^a\/note\ttext\/plain\t\d{16}_0{16}\topen\ncake\tapplication\/json\t\d{16}_0{16}\tclosed\n$/,
  )
  const head = JSON.parse((await tidings(['head', 'cake', '--json'], { url })).stdout)
  expect(head).toEqual({
    name: 'cake',
    contentType: 'application/json',
    nextOffset: expect.stringMatching(/^\d{16}_0{16}$/),
    closed: true,
  })
  expect((await tidings(['head', 'a/note'], { url })).stdout).toMatch(
    /^channel {7}a\/note\ncontent type {2}text\/plain\nnext offset {3}\d{16}_0{16}\nclosed {8}no\n$/,
  )

  expect(await tidings(['rm', 'cake'], { url })).toMatchObject(nothing)
  expect(
    (await tidings(['ls', '--json'], { url })).stdout
      .split('\n')
      .map((line) => line && JSON.parse(line).name),
  ).toEqual(['a/note', ''])
})

test('ls goes on beyond what the server tells at once', async () => {
  const { url } = await startTestServer()
  const names = Array.from({ length: 1_001 }, (_, index) => `c${String(index).padStart(4, '0')}`)
  for (const name of names) await fetch(`${url}/v1/stream/${name}`, { method: 'PUT' })
  expect((await tidings(['ls'], { url })).stdout.trimEnd().split('\n')).toEqual(names)
})

test.each(['head', 'close', 'rm', 'read', 'publish'])(
  '%s of a channel that is not there ends with 3',
  async (command) => {
    const { url } = await startTestServer()
    const { code, stdout, stderr } = await tidings([command, 'cake'], { url })
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toMatch(/^tidings: There is no channel .*cake.*\n$/)
  },
)

test('a lifetime reaches the server', async () => {
  const { url } = await startTestServer()
  expect((await tidings(['create', 'hour', '--ttl', '3600'], { url })).code).toBe(0)
  expect((await fetch(`${url}/v1/stream/hour`, { method: 'HEAD' })).headers.get('stream-ttl')).toBe('3600')
  expect((await tidings(['create', 'day', '--ttl', 'long'], { url })).code).toBe(2)
})

test('a channel that is there with another content type is a failure', async () => {
  const { url } = await startTestServer()
  await tidings(['create', 'cake'], { url })
  const { code, stderr } = await tidings(['create', 'cake', '--content-type', 'text/plain'], { url })
  expect(code).toBe(1)
  expect(stderr).toMatch(/^tidings: .+\n$/)
})

test.each([
  ['create', 'a//b'],
  ['rm', '..'],
  ['head', 'cake', '--url', 'ftp://127.0.0.1'],
])('%j is wrong before anything is asked', async (...args) => {
  const { code, stderr } = await tidings(args, { url: 'http://127.0.0.1:9' })
  expect(code).toBe(2)
  expect(stderr).toMatch(/^tidings: .+\n$/)
})

test('create --fork-from makes a channel that begins with what another holds, up to where it is told', async () => {
  const { url } = await startTestServer()
  await tidings(['publish', 'draft', '--create', '1', '2', '3'], { url })
  const made = await tidings(['create', 'fork', '--fork-from', 'draft'], { url })
  expect(made).toMatchObject({ code: 0, stderr: 'tidings: made fork (application/json)\n' })
  const point = ['--fork-from', 'draft', '--fork-offset', '-1', '--fork-sub-offset', '2']
  await tidings(['create', 'early', ...point], { url })
  await tidings(['publish', 'early', '"own"'], { url })
  expect((await tidings(['read', 'fork'], { url })).stdout).toBe('1\n2\n3\n')
  expect((await tidings(['read', 'early'], { url })).stdout).toBe('1\n2\n"own"\n')
  expect((await tidings(['create', 'early', ...point], { url })).stderr).toContain('is there already')
})

test.each([
  [['--fork-offset', '-1'], 2, '--fork-from'],
  [['--fork-from', 'draft', '--fork-offset', 'x'], 2, '-1, now'],
  [['--fork-from', 'nowhere'], 3, 'nowhere'],
  [['--fork-from', 'draft', '--fork-sub-offset', '9'], 2, 'Sub-Offset'],
])('create %j is refused with a reason', async (flags, code, words) => {
  const { url } = await startTestServer()
  await tidings(['publish', 'draft', '--create', '1'], { url })
  const outcome = await tidings(['create', 'fork', ...flags], { url })
  expect(outcome.code).toBe(code)
  expect(outcome.stderr).toContain(words)
})
