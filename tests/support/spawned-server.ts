import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../../packages/server/dist/cli/main.js', import.meta.url))

export interface SpawnOptions {
  readonly data: string
  readonly port: number
  readonly engine?: 'disk' | 'memory'
  readonly durability?: 'fsync' | 'os'
}

/** The built server as a process of its own, as its users run it. */
export class SpawnedServer {
  /** Resolves to its URL when it listens; rejects with what it said, when it ends before. */
  readonly listening: Promise<string>
  /** Set once it listens. */
  url = ''
  readonly #process: ChildProcess
  readonly #exit: Promise<unknown>

  constructor(options: SpawnOptions, environment: Readonly<Record<string, string>> = {}) {
    if (!existsSync(program)) throw new Error('The server is not built: run npm run build')
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
    const child = spawn(process.execPath, [program, 'serve', ...args], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process = child
    this.#exit = once(child, 'exit')
    let said = ''
    this.listening = new Promise((resolve, reject) => {
      const hear = (chunk: Buffer) => {
        said += chunk.toString()
        const url = /listening on (http:\S+)/.exec(said)?.[1]
        if (url === undefined) return
        this.url = url
        resolve(url)
      }
      child.stdout.on('data', hear)
      child.stderr.on('data', hear)
      child.once('error', reject)
      child.once('exit', (code, signal) => {
        reject(new Error(`The server ended (${code ?? signal}) before it listened. It said: ${said}`))
      })
    })
    // Who ends it before it listens does not wait for this.
    this.listening.catch(() => {})
  }

  /** @returns when it listens; at most `attempts` are made, since a port may be given free a little late */
  static async start(options: SpawnOptions, attempts = 1): Promise<SpawnedServer> {
    const server = new SpawnedServer(options)
    try {
      await server.listening
      return server
    } catch (error) {
      if (attempts === 1) throw error
      return await SpawnedServer.start(options, attempts - 1)
    }
  }

  get pid(): number {
    return this.#process.pid as number
  }

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null
  }

  /** @returns when it is gone */
  async end(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    this.#process.kill(signal)
    await this.#exit
  }
}

/**
 * A port for a server that is started again and again. Not one of those that systems give to connections:
 * while the server is down, one of its clients could come from its port.
 */
export async function lastingPort(random: () => number): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = 20_000 + Math.floor(random() * 12_000)
    if (await isFree(port)) return port
  }
  throw new Error('No free port was found between 20,000 and 32,000')
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
