import type { Batch } from './batch.js'
import type { Channel } from './channel.js'
import type { ChannelReader } from './channel-reader.js'

/** Payload that is read at once while a channel is counted, bytes. */
const countingBytes = 256 * 1024

/**
 * How many messages and bytes of messages a channel holds between its earliest position and its tail. A JSON
 * channel's positions count its messages, another's its bytes; the other number is counted by reading the
 * channel once after it came into memory, and kept up from there.
 */
export class RetainedTotals {
  readonly #channel: Channel
  #messages = 0
  #bytes = 0
  /** What is counted: from, up to. */
  #from: number
  #to: number

  constructor(channel: Channel) {
    this.#channel = channel
    this.#from = channel.keptEarliest
    this.#to = this.#from
  }

  get messages(): number {
    return this.#channel.kind === 'json' ? this.#channel.keptTail - this.#from : this.#messages
  }

  get bytes(): number {
    return this.#channel.kind === 'json' ? this.#bytes : this.#channel.keptTail - this.#from
  }

  /** Whether the numbers that this channel's retention asks for are known. */
  get isCounted(): boolean {
    const { retention } = this.#channel.record
    const asksForMore = this.#channel.kind === 'json' ? retention?.bytes : retention?.count
    return asksForMore === undefined || this.#to === this.#channel.keptTail
  }

  /** A batch that was just kept. */
  add(batch: Batch): void {
    if (batch.start !== this.#to) return
    this.#messages += batch.messageCount
    this.#bytes += batch.messageBytes
    this.#to = batch.end
  }

  /** The first batch goes. */
  drop(batch: Batch): void {
    this.#from = batch.end
    // Where nobody asks for these they are not counted, and may be anything.
    this.#messages -= batch.messageCount
    this.#bytes -= batch.messageBytes
  }

  /** Reads a part of what is not counted yet. @returns how much, bytes of payload */
  async countOn(reader: ChannelReader): Promise<number> {
    let bytes = 0
    for (const batch of await reader.read(this.#channel, this.#to, countingBytes)) {
      this.add(batch)
      bytes += batch.payload.byteLength
    }
    return bytes
  }
}
