import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startServer } from 'tidings'
import { judge } from './verdict.mjs'

// The Autobahn test suite against the server's plain WebSockets. README.md beside this says how to run it.
// The last line on stdout is `N passed, N failed`; what differs as listed counts as neither.

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
/** The suite's own reports, one page a case, are left here. */
const reports = join(root, '.cache/autobahn')
const mebibyte = 1024 * 1024

/**
 * A channel takes one kind of frame, and echoes it since who publishes hears it too. So each case is run on a
 * channel of its frames' kind. Those that send no message run on text. 12 and 13 are about compression, which
 * is not agreed on.
 */
const kinds = [
  {
    kind: 'text',
    contentType: 'text/plain',
    cases: ['1.1.*', '2.*', '3.*', '4.*', '5.*', '6.*', '7.*', '9.1.*', '9.3.*', '9.5.*', '9.7.*', '10.*'],
  },
  {
    kind: 'binary',
    contentType: 'application/octet-stream',
    cases: ['1.2.*', '9.2.*', '9.4.*', '9.6.*', '9.8.*'],
  },
]

const { values: options } = parseArgs({
  options: {
    /** Cases to run alone, as in `9.1.*`; may be said several times. */
    case: { type: 'string', multiple: true },
    engine: { type: 'string', default: 'disk' },
  },
})

rmSync(reports, { recursive: true, force: true })
mkdirSync(reports, { recursive: true })
const server = await startServer({
  port: 0,
  engine: options.engine,
  data: join(reports, 'data'),
  // The largest message of the suite.
  maxMessageBytes: 16 * mebibyte,
  maxBodyBytes: 16 * mebibyte,
})
const outcomes = {}
try {
  for (const { kind, contentType, cases } of kinds) {
    const wanted = options.case?.filter((one) => cases.some((pattern) => covers(pattern, one))) ?? cases
    if (wanted.length > 0) Object.assign(outcomes, await run(kind, contentType, wanted))
  }
} finally {
  await server.close()
}

const { passed, failures, differences } = judge(outcomes, readJson('expected-differences.json'), {
  isWhole: options.case === undefined,
})
for (const { id, reason } of differences) console.error(`expected difference: ${id}: ${reason}`)
console.error(`${differences.length} cases differ as listed`)
for (const { id, why } of failures) console.error(`failed: ${id}: ${why}`)
console.error(`reports: ${reports}`)
console.log(`${passed} passed, ${failures.length} failed`)
process.exitCode = failures.length === 0 && passed > 0 ? 0 : 1

/** @returns what the suite says of each case, by its number */
async function run(kind, contentType, cases) {
  const url = `${server.url}/v1/stream/${kind}`
  const made = await fetch(url, { method: 'PUT', headers: { 'content-type': contentType } })
  if (made.status !== 201) throw new Error(`No channel: ${made.status} ${await made.text()}`)
  const outdir = join(reports, kind)
  const specification = join(reports, `${kind}.json`)
  const servers = [{ agent: 'tidings', url: `${url.replace(/^http/, 'ws')}?live=websocket` }]
  writeFileSync(specification, JSON.stringify({ outdir, servers, cases }))
  await suite(['--mode', 'fuzzingclient', '--spec', specification])
  return JSON.parse(readFileSync(join(outdir, 'index.json'), 'utf8')).tidings
}

/** It says how far it is on our stderr. */
async function suite(args) {
  const child = spawn(process.env.WSTEST ?? 'wstest', args, { stdio: ['ignore', 2, 2] })
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  if (code !== 0) throw new Error(`The suite ended with ${code}`)
}

function covers(pattern, id) {
  return id.startsWith(pattern.replace('*', ''))
}

function readJson(name) {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'))
}
