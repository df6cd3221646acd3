import { setImmediate as nextTurn } from 'node:timers/promises'
import { invariant, type Problem } from '@tidings/protocol'
import type { Batch } from './batch.js'
import type { Channel } from './channel.js'
import type { Engine } from './engine.js'
import { PageCache } from './page-cache.js'
import { historyChanged, offsetGone, unknown } from './refusals.js'

/** Payload bytes that are held at once while messages are counted backwards. */
const countingBytes = 256 * 1024
/** What is read first on the way back, bytes of payload. */
const firstStepBytes = 8 * 1024

/** Pages that are asked for smaller than this are looked at for their first message, and not read on from. */
const leastCachedBytes = 32 * 1024

/** Where a range of positions lies: in which channel's batches, from where, and up to where. */
interface Place {
  readonly channelId: number
  readonly start: number
  readonly end: number
}

/** Reads a channel through its parts, up to what is kept: a fork's inherited data where it stands. */
export class ChannelReader {
  readonly #engine: Engine
  readonly #pages = new PageCache()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /**
   * @param maxBytes of payload, and what its batches take beside it
   * @returns what is kept from `position` on, in order: at least one batch when there is any, else none
   * @throws Problem `offset-gone` when retention has passed `position`; `history-changed` when no message starts
   *   there; `storage-damaged`
   */
  async read(channel: Channel, position: number, maxBytes: number): Promise<readonly Batch[]> {
    if (position < channel.keptEarliest) throw offsetGone(channel)
    const key = `${channel.id}:${position}:${maxBytes}`
    const known = this.#pages.get(key)
    if (known && !channel.isRemoved) return known
    const tail = channel.keptTail
    const batches = await this.#read(channel, { position, tail, maxBytes })
    // What ends before the tail that was there is whole, and stays as it is.
    const isWhole = (batches.at(-1)?.end ?? tail) < tail
    if (isWhole && maxBytes >= leastCachedBytes) this.#pages.set(key, batches)
    return batches
  }

  async #read(
    channel: Channel,
    { position, tail, maxBytes }: { position: number; tail: number; maxBytes: number },
  ): Promise<Batch[]> {
    const found: Batch[] = []
    let at = position
    let bytes = 0
    while (at < tail && (found.length === 0 || bytes < maxBytes)) {
      const { channelId, end } = placeOf(channel, at, tail)
      const read = await this.#engine.read(channelId, at, maxBytes - bytes)
      const [first, ...rest] = read.filter((batch) => batch.start < end).map((batch) => batch.until(end))
      const start = first?.from(at)
      if (!start) throw notThere(channel, at)
      for (const batch of [start, ...rest]) {
        bytes += batch.heldBytes
        if (found.length > 0 && bytes > maxBytes) return found
        found.push(batch)
        at = batch.end
      }
      // What more there is in this place does not fit.
      if (at < end) break
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
    let stepBytes = firstStepBytes
    while (
      at > channel.keptEarliest &&
      messages < limits.maxMessages &&
      (found.length === 0 || bytes < limits.maxBytes)
    ) {
      const maxBytes = Math.min(stepBytes, limits.maxBytes - bytes)
      for (const whole of await this.#batchesBefore(channel, at, maxBytes)) {
        const batch = whole.until(at)
        const wanted = batch.lastMessages({
          maxMessages: limits.maxMessages - messages,
          maxBytes: limits.maxBytes - bytes,
          atLeast: found.length === 0 ? 1 : 0,
        })
        if (wanted) found.push(wanted)
        if (wanted?.messageCount !== batch.messageCount) return found.reverse()
        messages += wanted.messageCount
        bytes += wanted.messageBytes
        at = wanted.start
      }
      // How large messages are shows on the way: few reads for small ones, and little that is read in vain.
      stepBytes *= 4
    }
    return found.reverse()
  }

  /** @returns where the last `count` messages start; the beginning when there are fewer */
  async positionOfLast(channel: Channel, count: number): Promise<number> {
    if (channel.kind === 'json') return Math.max(channel.keptEarliest, channel.keptTail - count)
    let at = channel.keptTail
    let left = count
    while (left > 0 && at > channel.keptEarliest) {
      const batches = await this.readBack(channel, at, { maxMessages: left, maxBytes: countingBytes })
      for (const batch of batches) left -= batch.messageCount
      at = batches[0]?.start ?? channel.keptEarliest
      // An engine may answer at once, and others wait for their turn.
      await nextTurn()
    }
    return Math.max(at, channel.keptEarliest)
  }

  /**
   * @returns where the first batch starts that was kept at `timeMs` or later; the tail when there is none. Where
   * the clock was set back between two runs of the server, one of the places where it passed that time.
   */
  async positionSince(channel: Channel, timeMs: number): Promise<number> {
    // Batches are kept in the order of their times: look in the middle, and halve.
    let low = channel.keptEarliest
    let high = channel.keptTail
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const [batch] = await this.#batchesBefore(channel, middle + 1, 1)
      invariant(batch !== undefined, 'a position before the tail is in a batch')
      if (batch.committedAtMs >= timeMs) high = batch.start
      else low = batch.end
      // Retention may go on meanwhile.
      low = Math.max(low, channel.keptEarliest)
    }
    return low
  }

  /** The batch that holds the position before `position`, then those before it in the same place. */
  async #batchesBefore(channel: Channel, position: number, maxBytes: number): Promise<Batch[]> {
    const { channelId, start, end } = placeOf(channel, position - 1, channel.keptTail)
    const first = Math.max(start, channel.keptEarliest)
    const read = await this.#engine.readBack(channelId, position, maxBytes)
    const batches = read.filter((batch) => batch.end > first).map((batch) => batch.until(end))
    if (batches.length > 0) return batches
    throw notThere(channel, position - 1)
  }
}

function notThere(channel: Channel, position: number): Problem {
  if (channel.isRemoved) return unknown(channel.name)
  return position < channel.keptEarliest ? offsetGone(channel) : historyChanged(channel)
}

function placeOf(channel: Channel, position: number, tail: number): Place {
  let start = 0
  for (const part of channel.record.parts ?? []) {
    if (position < part.end) return { channelId: part.channelId, start, end: part.end }
    start = part.end
  }
  return { channelId: channel.id, start, end: tail }
}
