import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runConformanceTests } from '@durable-streams/server-conformance-tests'
import { type RunningServer, startServer } from 'tidings'
import { afterAll, beforeAll } from 'vitest'

/**
 * The public suite of the Durable Streams protocol, unmodified, over TCP. It runs alone on the machine: its
 * expiry tests leave half a second of slack.
 */
const engine = process.env.CONFORMANCE_ENGINE === 'memory' ? 'memory' : 'disk'
const longPollMs = 500
const options = { baseUrl: '', longPollTimeoutMs: longPollMs }
let server: RunningServer
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidings-conformance-'))
  server = await startServer({ port: 0, data: folder, engine, longPollMs })
  options.baseUrl = server.url
})

afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

runConformanceTests(options)
