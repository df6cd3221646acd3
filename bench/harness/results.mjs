import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { places } from './places.mjs'

/** Keeps what was measured, one file a scenario: the newest run's stands. @returns its path without the ending */
export function keep(result, plot) {
  const folder = result.isQuick ? join(places.results, 'quick') : places.results
  mkdirSync(folder, { recursive: true })
  const path = join(folder, result.scenario)
  writeFileSync(`${path}.json`, `${JSON.stringify(result, null, 2)}\n`)
  writeFileSync(`${path}.svg`, plot)
  return path
}

/** @returns the results of whole runs, by scenario; those of quick ones show only that everything works */
export function readResults() {
  if (!existsSync(places.results)) return new Map()
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
