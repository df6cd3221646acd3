import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { buildLayer } from '../power-cut/recording.js'
import { SpawnedServer } from '../support/spawned-server.js'
import { temporaryFolder } from '../support/test-server.js'

/** What goes wrong below the store, and after how many more writes or syncs: see trace.c. */
export type Fault = `${'no-space' | 'write-error' | 'short-write' | 'sync-error'} ${number}`

/** What was acknowledged, and with what the server has refused the rest. */
export interface Told {
  readonly kept: readonly number[]
  readonly refusal: Response
}

/** The built server on a disk that can be made to fail. */
export class FailingServer {
  readonly data: string
  readonly durability: 'fsync' | 'os'
  readonly #faultFile: string
  #server: SpawnedServer
  #url = ''

  private constructor(folder: string, durability: 'fsync' | 'os') {
    const top = join(folder, 'disk')
    mkdirSync(top)
    this.data = join(top, 'data')
    this.durability = durability
    this.#faultFile = join(folder, 'fault')
    this.#server = new SpawnedServer(this.#options, {
      LD_PRELOAD: buildLayer(),
      TRACE_FOLDER: top,
      TRACE_FILE: join(folder, 'trace'),
      TRACE_FAULT: this.#faultFile,
      UV_USE_IO_URING: '0',
    })
  }

  static async start(durability: 'fsync' | 'os'): Promise<FailingServer> {
    const failing = new FailingServer(await temporaryFolder(), durability)
    onTestFinished(() => failing.#server.end())
    failing.#url = await failing.#server.listening
    return failing
  }

  get #options() {
    return { data: this.data, port: 0, durability: this.durability }
  }

  get hasEnded(): boolean {
    return this.#server.hasEnded
  }

  fail(fault: Fault): void {
    writeFileSync(this.#faultFile, fault)
  }

  ask(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.#url}${path}`, { headers: { 'content-type': 'application/json' }, ...init })
  }

  /** Publishes numbers from `from` on, four at once, until one is refused or the connection is cut. */
  async publishUntilRefused(channel: string, from: number): Promise<Told> {
    const kept: number[] = []
    const filling = 'x'.repeat(5_000)
    let next = from
    for (;;) {
      const group = Array.from({ length: 4 }, () => next++)
      const answers = await Promise.all(
        group.map((n) =>
          this.ask(`/v1/stream/${channel}`, { method: 'POST', body: JSON.stringify([{ n, filling }]) }).catch(
            () => new Response(null, { status: 599 }),
          ),
        ),
      )
      answers.forEach((answer, index) => {
        if (answer.status === 204) kept.push(group[index] as number)
      })
      const refusal = answers.find(({ status }) => status !== 204)
      if (refusal) return { kept, refusal }
    }
  }

  /** All numbers that a reader hears from the beginning. */
  async numbers(channel: string): Promise<number[]> {
    const numbers: number[] = []
    let offset = '-1'
    for (;;) {
      const answer = await this.ask(`/v1/stream/${channel}?offset=${offset}`)
      if (answer.status !== 200) throw new Error(`A read was answered ${answer.status}`)
      numbers.push(...((await answer.json()) as { n: number }[]).map(({ n }) => n))
      if (answer.headers.get('stream-up-to-date') === 'true') return numbers
      offset = answer.headers.get('stream-next-offset') as string
    }
  }

  /** Ends it, and starts the server again on the same folder, on a disk that works. */
  async restart(): Promise<void> {
    await this.#server.end('SIGTERM')
    this.#server = await SpawnedServer.start(this.#options)
    this.#url = await this.#server.listening
  }
}
