import type { Batch } from './batch.js'
import type { Channel } from './channel.js'
import type { Engine } from './engine.js'
import { historyChanged, unknown } from './refusals.js'

/** Payload bytes that are held at once while messages are counted backwards. */
const countingBytes = 256 * 1024

/** Where a range of positions lies: in which channel's batches, from where, and up to where. */
interface Place {
  readonly channelId: number
  readonly start: number
  readonly end: number
}

/** Reads a channel through its parts, up to what is kept: a fork's inherited data where it stands. */
export class ChannelReader {
  readonly #engine: Engine

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /**
   * @returns what is kept from `position` on, in order: at least one batch when there is any, else none
   * @throws Problem `history-changed` when no message starts at `position`; `storage-damaged`
   */
  async read(channel: Channel, position: number, maxBytes: number): Promise<Batch[]> {
    const tail = channel.keptTail
    const found: Batch[] = []
    let at = position
    let bytes = 0
    while (at < tail && (found.length === 0 || bytes < maxBytes)) {
      const { channelId, end } = placeOf(channel, at, tail)
      const read = await this.#engine.read(channelId, at, maxBytes - bytes)
      const batches = read.filter((batch) => batch.start < end).map((batch) => batch.until(end))
      const first = batches[0]?.from(at)
      if (!first) throw channel.isRemoved ? unknown(channel.name) : historyChanged(channel)
      found.push(first, ...batches.slice(1))
      for (const batch of batches) bytes += batch.payload.byteLength
      at = batches.at(-1)?.end ?? end
      // One place brings what fits; more is to be had only from the next.
      if (at > channel.earlierEnd) break
    }
    return found
  }

  /**
   * For readers whose answer begins before their first message is read: what `read` would say of the position
   * is said before.
   *
   * @throws Problem `history-changed` when no message starts at `position`
   */
  async checkStart(channel: Channel, position: number): Promise<void> {
    // A JSON channel counts messages: there is nothing between two positions.
    if (channel.kind !== 'json' && position > 0) await this.read(channel, position, 1)
  }

  /**
   * @returns the messages before `position`, in order: at most `maxMessages`, and at most `maxBytes` of payload
   * unless one alone is larger
   */
  async readBack(
    channel: Channel,
    position: number,
    limits: { readonly maxMessages: number; readonly maxBytes: number },
  ): Promise<Batch[]> {
    const found: Batch[] = []
    let at = position
    let messages = 0
    let bytes = 0
    while (at > 0 && messages < limits.maxMessages) {
      const batch = (await this.#batchBefore(channel, at)).until(at)
      const wanted = batch.lastMessages({
        maxMessages: limits.maxMessages - messages,
        maxBytes: limits.maxBytes - bytes,
        atLeast: found.length === 0 ? 1 : 0,
      })
      if (!wanted) break
      found.unshift(wanted)
      messages += wanted.messageCount
      bytes += wanted.payload.byteLength
      if (wanted.messageCount < batch.messageCount) break
      at = wanted.start
    }
    return found
  }

  /** @returns where the last `count` messages start */
  async positionOfLast(channel: Channel, count: number): Promise<number> {
    if (channel.kind === 'json') return Math.max(0, channel.keptTail - count)
    let at = channel.keptTail
    let left = count
    while (left > 0 && at > 0) {
      const batches = await this.readBack(channel, at, { maxMessages: left, maxBytes: countingBytes })
      for (const batch of batches) left -= batch.messageCount
      at = batches[0]?.start ?? 0
    }
    return at
  }

  /** @returns where the first batch starts that was kept at `timeMs` or later; the tail when there is none */
  async positionSince(channel: Channel, timeMs: number): Promise<number> {
    // Batches are kept in the order of their times: look in the middle, and halve.
    let low = 0
    let high = channel.keptTail
    while (low < high) {
      const batch = await this.#batchBefore(channel, Math.floor((low + high) / 2) + 1)
      if (batch.committedAtMs >= timeMs) high = Math.max(low, batch.start)
      else low = batch.end
    }
    return low
  }

  /** The batch that holds the position before `position`, cut where its part or the channel ends. */
  async #batchBefore(channel: Channel, position: number): Promise<Batch> {
    const { channelId, end } = placeOf(channel, position - 1, channel.keptTail)
    const [batch] = await this.#engine.readBack(channelId, position, 1)
    if (!batch) throw channel.isRemoved ? unknown(channel.name) : historyChanged(channel)
    return batch.until(Math.min(end, batch.end))
  }
}

function placeOf(channel: Channel, position: number, tail: number): Place {
  let start = 0
  for (const part of channel.record.parts ?? []) {
    if (position < part.end) return { channelId: part.channelId, start, end: part.end }
    start = part.end
  }
  return { channelId: channel.id, start, end: tail }
}
