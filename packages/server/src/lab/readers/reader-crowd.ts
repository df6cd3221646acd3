import { Worker } from 'node:worker_threads'
import type { ReaderCounts, Way } from '@tidings/protocol'
import type { LocalAddress } from '../lab-options.js'
import type { CrowdData, CrowdWish } from './crowd-words.js'

/** How often the crowd changes at most, milliseconds: a change may be 800 connections to open. The latest wish counts. */
const changeEveryMs = 500

export type TellReaders = (ways: Readonly<Record<Way, ReaderCounts>>) => void

/** The workload's own readers: real connections to this server, in a thread of their own, which is there when there are any. */
export class ReaderCrowd {
  readonly #channel: string
  readonly #address: () => LocalAddress
  readonly #tell: TellReaders
  #worker: Worker | undefined
  #wish: CrowdWish | undefined
  /** Until the next change. */
  #rest: NodeJS.Timeout | undefined

  constructor(channel: string, address: () => LocalAddress, tell: TellReaders) {
    this.#channel = channel
    this.#address = address
    this.#tell = tell
  }

  use(readers: CrowdWish): void {
    this.#wish = readers
    if (!this.#rest) this.#change()
  }

  #change(): void {
    const readers = this.#wish
    this.#wish = undefined
    this.#rest = undefined
    if (!readers) return
    const isWanted = Object.values(readers).some((count) => count > 0)
    if (!this.#worker && !isWanted) return
    this.#worker ??= this.#start()
    this.#worker.postMessage(readers)
    this.#rest = setTimeout(() => this.#change(), changeEveryMs)
  }

  async stop(): Promise<void> {
    clearTimeout(this.#rest)
    this.#wish = undefined
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  #start(): Worker {
    const { host, port, isSecure } = this.#address()
    const name = host.includes(':') ? `[${host}]` : host
    const server = `${isSecure ? 'https' : 'http'}://${name}:${port}`
    const workerData: CrowdData = { server, channel: this.#channel }
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData,
      // To itself: its certificate may be one that nobody vouches for.
      ...(isSecure && { env: { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0' } }),
    })
    worker.on('message', this.#tell)
    // It is told by its silence, and must not end the server.
    worker.on('error', () => {
      if (this.#worker === worker) this.#worker = undefined
    })
    worker.unref()
    return worker
  }
}
