import { defineConfig } from 'vitest/config'

// Tests read the packages' sources (the `source` condition in their exports); a server that a test
// spawns as a process of its own is the built one, as its users run it.
export default defineConfig({
  resolve: { conditions: ['source', 'module', 'node'] },
  ssr: { resolve: { conditions: ['source', 'module', 'node'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'tests/**/*.test.ts', 'scripts/**/*.test.mjs'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One more than cores, of which CI has two: many tests wait for timers.
    maxWorkers: 3,
  },
})
