import { once } from 'node:events'
import type { Writable } from 'node:stream'

/**
 * stdout, at the pace of who reads it.
 *
 * When the other side has gone (`| head`), `gone` aborts: there is nobody to write for any more, which is an
 * end and no failure.
 */
export class Output {
  readonly #stream: Writable
  readonly #gone = new AbortController()

  constructor(stream: Writable) {
    this.#stream = stream
    stream.on('error', () => this.#gone.abort())
  }

  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** Resolves when more may be written, or when `signal` aborts. */
  async write(data: string | Uint8Array, signal: AbortSignal): Promise<void> {
    if (this.gone.aborted || this.#stream.write(data)) return
    try {
      await once(this.#stream, 'drain', { signal: AbortSignal.any([signal, this.gone]) })
    } catch {
      // Aborted, or broken: who writes looks at the signals.
    }
  }

  /** Resolves when everything has left, or nobody is there to take it. */
  async finish(): Promise<void> {
    if (this.gone.aborted) return
    await new Promise<void>((resolve) => {
      this.gone.addEventListener('abort', () => resolve(), { once: true })
      this.#stream.write('', () => resolve())
    })
  }
}

export const stdout = new Output(process.stdout)
