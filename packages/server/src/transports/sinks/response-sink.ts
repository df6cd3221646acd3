import type { ServerResponse } from 'node:http'
import type { StreamSink } from '../exchange.js'
import { StreamBackedSink } from './stream-backed-sink.js'

/**
 * A response that stays open. Node frames it as the client's HTTP version says: chunked in HTTP/1.1, ended by
 * the connection's end in HTTP/1.0 (nginx speaks that to its upstream unless told otherwise).
 */
export class ResponseSink extends StreamBackedSink implements StreamSink {
  readonly #response: ServerResponse

  constructor(response: ServerResponse) {
    super(response)
    this.#response = response
  }

  end(): void {
    this.flush()
    if (!this.isGone) this.#response.end()
  }
}
