// node bench/report.mjs: writes docs/performance.md and its plots from what `npm run bench` has kept.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { places } from './harness/places.mjs'
import { plotOf } from './harness/plot.mjs'
import { readResults } from './harness/results.mjs'
import { pageOf } from './report/page.mjs'
import { scenarios } from './scenarios/index.mjs'

const results = readResults()
const notes = new Map(scenarios.flatMap(({ name }) => readNote(name)))

writeFileSync(join(places.docs, 'performance.md'), pageOf(scenarios, results, notes))
for (const scenario of scenarios) {
  const result = results.get(scenario.name)
  if (!result) continue
  mkdirSync(join(places.docs, 'performance'), { recursive: true })
  writeFileSync(join(places.docs, 'performance', `${scenario.name}.svg`), plotOf(scenario, result.rows))
}
const missing = scenarios.filter(({ name }) => !results.has(name)).map(({ name }) => name)
console.log(
  `docs/performance.md is written${missing.length > 0 ? `; not measured: ${missing.join(', ')}` : ''}`,
)

function readNote(name) {
  const path = join(places.root, 'bench/report/notes', `${name}.md`)
  return existsSync(path) ? [[name, readFileSync(path, 'utf8')]] : []
}
