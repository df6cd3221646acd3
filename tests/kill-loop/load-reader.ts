import { type ChannelAddress, ProblemError, read, type Way } from '@tidings/client/ways'
import { WebSocket } from 'ws'
import type { PassLog } from '../support/history-recorder.js'
import { quickBackoff } from './load-publisher.js'

export interface LoadReaderOptions {
  readonly way: Way
  readonly address: ChannelAddress
  readonly pass: PassLog
  readonly onTrouble: (trouble: string) => void
}

/** Hears a channel in one way, through every restart of the server, to its end. */
export class LoadReader {
  readonly #options: LoadReaderOptions
  #reading = new AbortController()
  /** Settles when the channel's end was heard, or when no reading on is possible. */
  readonly done: Promise<void>

  constructor(options: LoadReaderOptions) {
    this.#options = options
    this.done = this.#run()
  }

  /** Leaves, and opens anew from its own offset, as another program would. */
  reopen(): void {
    this.#reading.abort()
  }

  async #run(): Promise<void> {
    const { pass, onTrouble } = this.#options
    try {
      while (!pass.hasReachedEnd) await this.#read()
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      onTrouble(`${pass.reader} was told ${error.code}`)
    }
  }

  async #read(): Promise<void> {
    const { way, address, pass } = this.#options
    this.#reading = new AbortController()
    const batches = read(address, {
      way,
      offset: pass.offset,
      signal: this.#reading.signal,
      kind: 'json',
      backoff: quickBackoff,
      intervalMs: 20,
      webSocket: WebSocket,
    })
    for await (const batch of batches) pass.saw(batch)
  }
}
