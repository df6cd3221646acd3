import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningServer, type ServerOptions, startServer } from 'tidings'
import { onTestFinished } from 'vitest'

/** A server in this process, in memory unless said otherwise, that is stopped when the test is over. */
export async function startTestServer(options: ServerOptions = {}): Promise<RunningServer> {
  const server = await startServer({
    engine: 'memory',
    port: 0,
    // A mistake of the server's own fails the test that it happens in.
    onMistake: (error) => {
      throw error
    },
    ...options,
  })
  onTestFinished(() => server.close())
  return server
}

/** A folder that is removed when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
