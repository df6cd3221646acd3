import { readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

const notYet: { cases: string[] }[] = JSON.parse(
  readFileSync(new URL('./not-yet.json', import.meta.url), 'utf8'),
)
const names = notYet.flatMap(({ cases }) => cases.map((name) => name.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')))

// One file, one worker: the suite times expiry, so nothing else may run beside it. Its cases run but for those
// that `not-yet.json` lists, each group with its reason.
export default defineConfig({
  resolve: { conditions: ['source', 'module', 'node'] },
  ssr: { resolve: { conditions: ['source', 'module', 'node'] } },
  test: {
    include: ['conformance/**/*.test.ts'],
    testNamePattern: new RegExp(`^(?!(?:${names.join('|')})$)`),
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 1,
  },
})
