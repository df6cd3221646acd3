import { defineConfig } from 'vitest/config'

// One file, one worker: the suite times expiry, so nothing else may run beside it.
export default defineConfig({
  resolve: { conditions: ['source', 'module', 'node'] },
  ssr: { resolve: { conditions: ['source', 'module', 'node'] } },
  test: { include: ['conformance/**/*.test.ts'], testTimeout: 30_000, hookTimeout: 30_000, maxWorkers: 1 },
})
