import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { places } from './places.mjs'

/** Keeps what was measured, one file a scenario: the newest run's stands. @returns its path */
export function keep(result) {
  mkdirSync(places.results, { recursive: true })
  const path = join(places.results, `${result.scenario}.json`)
  writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`)
  return path
}

/** @returns all that was kept, by scenario */
export function readResults() {
  const names = readdirSync(places.results).filter((name) => name.endsWith('.json'))
  const results = names.map((name) => JSON.parse(readFileSync(join(places.results, name), 'utf8')))
  return new Map(results.map((result) => [result.scenario, result]))
}

/** @returns the commit that is measured, with `+` when files differ from it */
export function revision() {
  try {
    const git = (...args) =>
      execFileSync('git', args, { cwd: places.root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    return `${git('rev-parse', '--short', 'HEAD').trim()}${git('status', '--porcelain').trim() ? '+' : ''}`
  } catch {
    return 'unknown'
  }
}
