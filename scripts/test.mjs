import './setup/node-version.mjs'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from './setup/build.mjs'
import { installDebianPackages } from './setup/debian.mjs'
import { installDependencies } from './setup/dependencies.mjs'
import { run, say } from './setup/run.mjs'
import { countTests, leaveOut, noTests, sum } from './test/count.mjs'

// `npm test`: installs what the tests need, then builds, checks and runs all of them. The last line on stdout
// is `N passed, N failed`. In CI (CI=true) a skipped test is a failure: there nothing may be missing.

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'))

const isLong = readFlags(process.argv.slice(2))
const isCi = process.env.CI === 'true'
const reports = '.cache/test'
const minuteMs = 60_000

// What the loops of the tests read; a value that the caller has set wins.
const longRounds = { LONG: '1', ROUNDS: '200', CUTS: '200' }
if (isLong) Object.assign(process.env, { ...longRounds, ...process.env })

rmSync(reports, { recursive: true, force: true })
mkdirSync(reports, { recursive: true })

const passed = { ...noTests, passed: 0 }
const failed = { ...noTests, failed: 1 }

process.exitCode = summarise(await runSteps())

/** Without packages or a build the rest would only say so again; everything else is run whatever failed. */
async function runSteps() {
  const counts = []
  const needed = [
    ['npm packages', installDependencies],
    ['Debian packages', installDebianPackages],
    ['build', build],
  ]
  for (const [name, perform] of needed) {
    const count = await step(name, async () => ((await perform()) ? passed : failed))
    counts.push(count)
    if (count.failed > 0) return counts
  }
  counts.push(
    await step('types of the tests', () =>
      node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.tests.json'),
    ),
  )
  counts.push(await step('tidy', () => node('scripts/tidy.mjs')))
  counts.push(await step('unit and behaviour tests', () => vitest('tests', 'vitest.config.ts')))
  // After the others, since its expiry tests have half a second of slack: it has the machine to itself.
  const conformance = 'conformance/vitest.config.ts'
  if (existsSync(conformance)) {
    counts.push(
      await step('public conformance suite', async () =>
        leaveOut(await vitest('conformance', conformance), 'conformance/not-yet.json', say),
      ),
    )
  }
  return counts
}

async function step(name, perform) {
  say(`\n── ${name}`)
  const startMs = Date.now()
  const count = await perform()
  const seconds = ((Date.now() - startMs) / 1000).toFixed(1)
  say(`── ${name}: ${count.failed > 0 ? 'FAILED' : 'ok'} (${seconds} s)`)
  return { ...count, name }
}

async function node(script, ...args) {
  const code = await run(process.execPath, [script, ...args], { timeoutMs: 5 * minuteMs })
  return code === 0 ? passed : failed
}

async function vitest(name, config) {
  const report = join(reports, `${name}.json`)
  const args = [
    'run',
    '--config',
    config,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]
  const timeoutMs = (isLong ? 170 : 25) * minuteMs
  const code = await run(process.execPath, ['node_modules/vitest/vitest.mjs', ...args], { timeoutMs })
  return countTests(report, code)
}

/** @returns the exit code */
function summarise(counts) {
  const total = sum(counts)
  for (const { name, failures } of counts) for (const failure of failures) say(`failed: [${name}] ${failure}`)
  for (const count of counts) {
    if (count.failed > 0 && count.failures.length === 0) say(`failed: ${count.name}`)
    for (const skip of count.skips) say(`skipped: [${count.name}] ${skip}`)
  }
  const mayNotSkip = isCi && total.skipped > 0
  if (mayNotSkip) say('In CI no test may be skipped; this run has failed.')
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
  process.stdout.write(`${total.passed} passed, ${total.failed} failed${skipped}\n`)
  return total.failed > 0 || mayNotSkip ? 1 : 0
}

function readFlags(args) {
  const unknown = args.filter((arg) => arg !== '--long')
  if (unknown.length > 0) {
    say(`npm test knows only --long, not ${unknown.join(' ')}. For some tests alone: npx vitest run <file>`)
    process.exit(2)
  }
  return args.includes('--long')
}
