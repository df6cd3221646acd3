import type { ChannelKind } from '@tidings/protocol'
import type { ChannelAddress } from '../wire/address.js'
import { head } from './channels.js'
import type { ReaderOptions } from './reader.js'

/**
 * What a channel carries, for the ways that do not tell JSON from text: `["a"]` may be either. Asked with
 * one HEAD request, when it is first needed and was not given.
 */
export class KindQuestion {
  readonly #address: ChannelAddress
  readonly #signal: AbortSignal
  readonly #options: ReaderOptions
  #kind: ChannelKind | undefined

  constructor(address: ChannelAddress, signal: AbortSignal, options: ReaderOptions) {
    this.#address = address
    this.#signal = signal
    this.#options = options
    this.#kind = options.kind
  }

  /** @throws ProblemError as `head` does; ask again then */
  async ask(): Promise<ChannelKind> {
    this.#kind ??= (await head(this.#address, { ...this.#options, signal: this.#signal })).kind
    return this.#kind
  }
}
