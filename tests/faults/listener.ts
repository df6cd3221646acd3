import { type ConnectOptions, connect, type Tidings } from '@tidings/client'
import type { Way } from '@tidings/protocol'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'

/** A client that hears the numbers on one channel from the beginning, and what it was told meanwhile. Closed when the test is over. */
export class Listener {
  readonly client: Tidings
  readonly heard: unknown[] = []
  /** The ways that carried, in their order. */
  readonly ways: Way[] = []
  /** Better ways that were tried and did not work. */
  readonly failed: { readonly way: Way; readonly code: string }[] = []
  /** Rejects when the iteration throws. */
  readonly ended: Promise<void>
  readonly #watchers = new Set<() => void>()

  constructor(url: string, options: ConnectOptions & { readonly channel?: string } = {}) {
    const { channel = 'cake', ...rest } = options
    // Each has a memory of its own: what one has found out about an address would not be another's first time.
    const memory = { avoided: () => [], failed() {}, worked() {} }
    this.client = connect(url, { webSocket: WebSocket, memory, ...rest })
    this.client.addEventListener('way', ({ detail }) => this.#tell(() => this.ways.push(detail.way)))
    this.client.addEventListener('way-failed', ({ detail: { way, error } }) =>
      this.#tell(() => this.failed.push({ way, code: error.code })),
    )
    this.client.addEventListener('state', () => this.#tell(() => {}))
    this.ended = this.#hear(channel)
    onTestFinished(async () => {
      this.client.close()
      await this.ended
    })
  }

  /** @returns once it is so; what never becomes so ends in the test's time-out, and an error of the iteration at once */
  async until(isSo: (listener: this) => boolean): Promise<void> {
    while (!isSo(this)) {
      const change = new Promise<void>((resolve) => {
        const watcher = () => {
          this.#watchers.delete(watcher)
          resolve()
        }
        this.#watchers.add(watcher)
      })
      await Promise.race([
        change,
        this.ended.then(() => Promise.reject(new Error('The iteration has ended.'))),
      ])
    }
  }

  async #hear(channel: string): Promise<void> {
    for await (const message of this.client.channel(channel, { offset: '-1' })) {
      this.#tell(() => this.heard.push(message))
    }
  }

  #tell(change: () => void): void {
    change()
    for (const watcher of [...this.#watchers]) watcher()
  }
}

/** The whole numbers from 0 on, so many. */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
