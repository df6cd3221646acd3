import type { ServerResponse } from 'node:http'
import type { StreamSink } from '../exchange.js'
import { PendingBytes } from './pending-bytes.js'

/**
 * A response that stays open. Node frames it as the client's HTTP version says: chunked in HTTP/1.1, ended by
 * the connection's end in HTTP/1.0 (nginx speaks that to its upstream unless told otherwise).
 */
export class ResponseSink implements StreamSink {
  readonly #response: ServerResponse
  readonly #pending: PendingBytes

  constructor(response: ServerResponse) {
    this.#response = response
    this.#pending = new PendingBytes(response)
  }

  push(bytes: Uint8Array): void {
    this.#pending.push(bytes)
  }

  flush(): void {
    this.#pending.flush()
  }

  get isBackedUp(): boolean {
    return this.#pending.isBackedUp
  }

  get isGone(): boolean {
    return this.#pending.isGone
  }

  drained(): Promise<void> {
    return this.#pending.drained()
  }

  end(): void {
    this.flush()
    if (!this.isGone) this.#response.end()
  }
}
