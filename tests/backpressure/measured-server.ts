import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from '../support/test-server.js'

const program = fileURLToPath(new URL('./measured-server.mjs', import.meta.url))

export interface MeasuredServer {
  readonly url: string
  /** What it holds after a collection, in its heap and beside it. The data folder's memory map is not in it. */
  heldBytes(): Promise<number>
}

/** The built server on a disk, whose memory a test can look at. */
export async function startMeasuredServer(durability: 'fsync' | 'os'): Promise<MeasuredServer> {
  const settings = { port: 0, data: await temporaryFolder(), durability }
  const child = fork(program, [JSON.stringify(settings)], { execArgv: ['--expose-gc'] })
  const gone = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await gone
  })
  const [{ url }] = (await once(child, 'message')) as [{ url: string }]
  return {
    url,
    heldBytes: async () => {
      const answer = once(child, 'message')
      child.send('measure')
      const [{ heldBytes }] = (await answer) as [{ heldBytes: number }]
      return heldBytes
    },
  }
}

/** The highest of what a server held beyond what it held at first, MiB. */
export class Growth {
  readonly #server: MeasuredServer
  readonly #first: number
  #highest = 0

  private constructor(server: MeasuredServer, first: number) {
    this.#server = server
    this.#first = first
  }

  static async from(server: MeasuredServer): Promise<Growth> {
    return new Growth(server, await server.heldBytes())
  }

  async look(): Promise<void> {
    this.#highest = Math.max(this.#highest, (await this.#server.heldBytes()) - this.#first)
  }

  get mebibytes(): number {
    return Math.round(this.#highest / 1024 ** 2)
  }
}
