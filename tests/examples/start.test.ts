import { spawnSync } from 'node:child_process'
import { get } from 'node:http'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { startExample } from './example.js'

function startCommand(name: string, ...args: string[]) {
  const program = fileURLToPath(new URL(`../../examples/${name}/start.mjs`, import.meta.url))
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' })
}

test.each(['cake-shop', 'arena', 'dashboard', 'token-stream'])(
  '%s starts by one command and ends in good order',
  async (name) => {
    const example = await startExample(name)
    const page = await fetch(example.url)
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(await page.text()).toContain('<h1>')
    expect((await fetch(`${example.server}/v1/channels`)).status).toBe(200)
    expect(await example.end('SIGTERM')).toBe(0)
  },
)

test('a port that is taken, and an option that there is not, are told in a sentence', async () => {
  const { port } = new URL((await startExample('cake-shop')).url)
  const taken = startCommand('cake-shop', '--port', port)
  expect(taken.stderr).toBe(`cake-shop: port ${port} is taken. --port 0 picks a free one.\n`)
  expect(taken.status).toBe(1)
  for (const args of [
    ['--port', '99999'],
    ['--port', 'x'],
    ['--prot', '1'],
  ]) {
    expect(startCommand('cake-shop', ...args)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^usage: node examples\/cake-shop\/start.mjs/),
    })
  }
})

test('the page server gives out its folders and nothing else', async () => {
  const { url } = await startExample('cake-shop')
  const status = (path: string) =>
    new Promise((resolve, reject) => {
      // As it stands: fetch would put the dots in order before it asks.
      get({ host: '127.0.0.1', port: new URL(url).port, path }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      }).once('error', reject)
    })
  for (const path of [
    '/',
    '/baker.html',
    '/order.js',
    '/shared/look.css',
    '/modules/client/ways/readers/sse.js',
    '/tidings.js?x',
  ]) {
    expect(await status(path), path).toBe(200)
  }
  const refused = [
    '/../start.mjs',
    '/../../arena/page/arena.js',
    '/..%2fstart.mjs',
    '/shared/../page-server.mjs',
    '/modules/client/../package.json',
  ]
  for (const path of [
    ...refused,
    '/start.mjs',
    '/.hidden.js',
    '/shared',
    '/nothing.js',
    '//etc/passwd',
    '/README.md',
  ]) {
    expect(await status(path), path).toBe(404)
  }
})
