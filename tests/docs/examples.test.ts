import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { findProgram, requirement } from '../support/requirements.js'
import { startTestServer } from '../support/test-server.js'
import { type ExamplePage, parseExamplePage, withOutputs } from './example-page.js'
import { RunValues } from './run-values.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

/** The host that stands in the pages. */
const writtenHost = 'localhost:4437'

const hasCurl = requirement('curl', findProgram('curl') !== undefined, 'the examples of docs/ speak with it')

// `UPDATE_EXAMPLES=1 npx vitest run tests/docs` writes what came out into the page, for whoever changes the wire.
test.runIf(hasCurl).each(['docs/protocol.md'])(
  'the examples of %s print what stands below them',
  async (name) => {
    const text = await readFile(join(root, name), 'utf8')
    const page = parseExamplePage(text)
    const { outputs, differences } = await runExamples(page)
    if (process.env.UPDATE_EXAMPLES) await writeFile(join(root, name), withOutputs(text, page, outputs))
    else expect(differences).toEqual([])
    expect(outputs.length).toBeGreaterThan(20)
  },
)

async function runExamples(page: ExamplePage) {
  const folder = await examplesFolder()
  const options = { longPollMs: 300, autoCreate: ['orders/*'] }
  const { url } = await startTestServer({ ...options, engine: 'disk', data: join(folder, 'data') })
  const { host } = new URL(url)
  for (const [name, text] of page.files)
    await writeFile(join(folder, name), text.replaceAll(writtenHost, host))
  const [written, real] = [new RunValues(), new RunValues()]
  const outputs: string[] = []
  const differences: object[] = []
  for (const { line, command, output } of page.blocks.flatMap(({ steps }) => steps)) {
    const translated = real.translated(command, written).replaceAll(writtenHost, host)
    const printed = (await printedBy(translated, folder)).replaceAll(host, writtenHost)
    const [expected, found] = [written.plain(output), real.plain(printed)]
    if (expected !== found) differences.push({ line, command, expected, found })
    // What is alike stays as it is written, so that an update changes only what has changed.
    outputs.push(expected === found ? output : written.translated(printed, real))
  }
  return { outputs, differences }
}

/** In the workspace, so that the examples' files find its packages. */
async function examplesFolder(): Promise<string> {
  const folder = join(root, '.cache', `examples-${process.pid}`)
  await mkdir(folder, { recursive: true })
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** On every answer: the page says so once. */
const everywhere =
  /^(date: .*|connection: keep-alive|keep-alive: .*|vary: origin(?:, accept-encoding)?|x-content-type-options: nosniff|cross-origin-resource-policy: same-origin)\n/gim

/** Both outputs, without carriage returns, and with a line break at the end. */
async function printedBy(command: string, cwd: string): Promise<string> {
  const path = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter)
  const { stdout, stderr } = await run('bash', ['-c', command], { cwd, env: { ...process.env, PATH: path } })
  const printed = (stdout + stderr).replaceAll('\r', '').replace(everywhere, '')
  return printed === '' || printed.endsWith('\n') ? printed : `${printed}\n`
}
