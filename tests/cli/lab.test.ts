import { chmod, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { expect, test } from 'vitest'
import { startTestServer, temporaryFolder } from '../support/test-server.js'
import { tidings } from './command-run.js'

/** A folder with a program in the browser's place that writes down what it is given. */
async function folderWithOpener() {
  const folder = await temporaryFolder()
  const opened = join(folder, 'opened')
  for (const name of ['xdg-open', 'open']) {
    await writeFile(join(folder, name), `#!/bin/sh\necho "$1" > "${opened}"\n`)
    await chmod(join(folder, name), 0o755)
  }
  return { folder, opened }
}

async function written(file: string): Promise<string> {
  for (;;) {
    const text = await readFile(file, 'utf8').catch(() => '')
    if (text.endsWith('\n')) return text
  }
}

test('tidings lab says where the Lab is and opens it in the browser', async () => {
  const server = await startTestServer()
  const { folder, opened } = await folderWithOpener()
  const environment = { PATH: `${folder}${delimiter}${process.env.PATH}` }
  const { code, stdout } = await tidings(['lab'], { url: server.url, environment })
  expect([code, stdout]).toEqual([0, `${server.url}/lab/\n`])
  expect(await written(opened)).toBe(`${server.url}/lab/\n`)
})

test('with --no-open it only says where it is, with --check where the check is', async () => {
  const server = await startTestServer()
  const { stdout } = await tidings(['lab', '--no-open', '--check'], { url: server.url })
  expect(stdout).toBe(`${server.url}/lab/check\n`)
})

test('a machine without a browser is told the address all the same', async () => {
  const server = await startTestServer()
  const folder = await temporaryFolder()
  const { code, stdout, stderr } = await tidings(['lab'], { url: server.url, environment: { PATH: folder } })
  expect([code, stdout]).toEqual([0, `${server.url}/lab/\n`])
  expect(stderr).toContain('open that address yourself')
})

test('a server without the Lab, and none at all, are told of with what to do', async () => {
  const server = await startTestServer({ lab: 'off' })
  const without = await tidings(['lab', '--no-open'], { url: server.url })
  expect(without.code).toBe(1)
  expect(without.stderr).toContain('--lab on')
  const nowhere = await tidings(['lab', '--no-open', '--retries', '0'], { url: 'http://127.0.0.1:1' })
  expect(nowhere.code).not.toBe(0)
  expect(nowhere.stderr).toContain('tidings serve')
})
