import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** The program that is tested: the built one. */
export const cli = fileURLToPath(new URL('../../packages/server/dist/cli/main.js', import.meta.url))

export interface RunOptions {
  /** The server, as `TIDINGS_URL`. */
  readonly url?: string
  readonly environment?: Readonly<Record<string, string>>
}

export interface Outcome {
  /** The exit code, or the signal that ended it. */
  readonly code: number | string
  readonly stdout: string
  readonly stderr: string
}

/** The built command line as a process of its own; killed when the test is over, should it still run. */
export class CommandRun {
  readonly child: ChildProcess
  readonly #exited: Promise<number | string>
  readonly #closed: Promise<unknown>
  #out: Buffer[] = []
  #err = ''
  #onOutput: () => void = () => {}

  constructor(args: readonly string[], { url, environment = {} }: RunOptions = {}) {
    if (!existsSync(cli)) throw new Error('The command line is not built: run npm run build')
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('TIDINGS_'))
    const env = { ...Object.fromEntries(inherited), ...(url && { TIDINGS_URL: url }), ...environment }
    const child = spawn(process.execPath, [cli, ...args], { env, stdio: 'pipe' })
    this.child = child
    this.#exited = once(child, 'exit').then(([code, signal]) => code ?? signal)
    this.#closed = once(child, 'close')
    child.stdout.on('data', (chunk: Buffer) => {
      this.#out.push(chunk)
      this.#onOutput()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      this.#err += chunk.toString()
      this.#onOutput()
    })
    // A command that ends without reading its input breaks the pipe; its exit code is what tests look at.
    child.stdin.on('error', () => {})
    onTestFinished(async () => {
      child.kill('SIGKILL')
      await this.#closed
    })
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#out)
  }

  get stdout(): string {
    return this.bytes.toString()
  }

  get stderr(): string {
    return this.#err
  }

  write(text: string | Uint8Array): void {
    this.child.stdin?.write(text)
  }

  end(text: string | Uint8Array = ''): void {
    this.child.stdin?.end(text)
  }

  /** Resolves when what it has said so far is so; fails when it ends before. */
  async until(isSo: (run: this) => boolean): Promise<void> {
    const ended = this.#closed.then(() => {
      if (isSo(this)) return
      throw new Error(
        `It ended before. stdout: ${this.stdout.slice(-2000)}\nstderr: ${this.#err.slice(-2000)}`,
      )
    })
    await Promise.race([
      ended,
      new Promise<void>((resolve) => {
        this.#onOutput = () => {
          if (isSo(this)) resolve()
        }
        this.#onOutput()
      }),
    ])
    ended.catch(() => {})
  }

  /** Resolves when it has ended and all of its output is here. */
  async outcome(): Promise<Outcome> {
    const code = await this.#exited
    await this.#closed
    return { code, stdout: this.stdout, stderr: this.#err }
  }

  async interrupt(): Promise<Outcome> {
    this.child.kill('SIGINT')
    return await this.outcome()
  }
}

/** Runs a command to its end. */
export async function tidings(
  args: readonly string[],
  options: RunOptions & { readonly input?: string | Uint8Array } = {},
): Promise<Outcome & { readonly bytes: Buffer }> {
  const run = new CommandRun(args, options)
  run.end(options.input)
  return { ...(await run.outcome()), bytes: run.bytes }
}
