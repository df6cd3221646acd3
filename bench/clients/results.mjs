import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeMachine } from '../harness/machine.mjs'
import { revision } from '../harness/results.mjs'
import { places } from './places.mjs'

/** Keeps one piece: what a client was measured at in a case. The newest one stands. */
export function keep(result) {
  mkdirSync(places.results, { recursive: true })
  const about = { date: new Date().toISOString(), revision: revision(), machine: describeMachine() }
  const name = [result.what, result.case, result.client].filter(Boolean).join('.')
  writeFileSync(join(places.results, `${name}.json`), `${JSON.stringify({ ...result, ...about }, null, 2)}\n`)
}

/** @returns all pieces that are kept */
export function readResults() {
  if (!existsSync(places.results)) return []
  return readdirSync(places.results)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(places.results, name), 'utf8')))
}
