import { type ChannelKind, formatOffset, invariant } from '@tidings/protocol'

/**
 * A batch is cut below this, so that its envelope fits the 32 KiB at which popular WebSocket clients stop by
 * default; a single message that is larger makes a batch of its own. What is left is for the rest of the
 * envelope: the longest name of a channel, each of its 1,024 bytes escaped, and 150 bytes of fields.
 */
export const maxBatchWireBytes = 32 * 1024 - (2 * 1024 + 256)

/**
 * What a batch is taken to have beside its payload where bytes are bounded: its object in memory, and its events or
 * its envelope on the wire. A channel of commits that brought a tiny message each is nearly nothing but that.
 */
const besidePayloadBytes = 200

/** Joins JSON values in a batch's payload, so that `[` payload `]` is the array that HTTP bodies carry. */
const comma = 0x2c

/**
 * What one group commit added to one channel, in wire form: JSON values joined by commas, other messages
 * one after the other, with the place where each message ends.
 */
export class Batch {
  readonly kind: ChannelKind
  readonly history: number
  /** Position before the first message: a count of messages (JSON) or of bytes. */
  readonly start: number
  /** Milliseconds since 1970, when the commit that kept it began. */
  readonly committedAtMs: number
  readonly payload: Uint8Array
  /** Where each message ends in `payload`, bytes, growing. */
  readonly messageEnds: Uint32Array

  constructor(fields: {
    kind: ChannelKind
    history: number
    start: number
    committedAtMs: number
    payload: Uint8Array
    messageEnds: Uint32Array
  }) {
    this.kind = fields.kind
    this.history = fields.history
    this.start = fields.start
    this.committedAtMs = fields.committedAtMs
    this.payload = fields.payload
    this.messageEnds = fields.messageEnds
  }

  get messageCount(): number {
    return this.messageEnds.length
  }

  /** Position after the last message. */
  get end(): number {
    return this.start + (this.kind === 'json' ? this.messageCount : this.payload.byteLength)
  }

  /** The messages' own bytes: without what joins them. */
  get messageBytes(): number {
    return this.payload.byteLength - (this.kind === 'json' ? this.messageCount - 1 : 0)
  }

  /** What it counts for where the bytes of several batches are bounded. */
  get heldBytes(): number {
    return this.payload.byteLength + besidePayloadBytes
  }

  get nextOffset(): string {
    return formatOffset(this.history, this.end)
  }

  message(index: number): Uint8Array {
    return this.payload.subarray(this.#messageStart(index), this.messageEnds[index])
  }

  /** The offset after message `index`. */
  offsetAfter(index: number): string {
    const position = this.kind === 'json' ? index + 1 : (this.messageEnds[index] as number)
    return formatOffset(this.history, this.start + position)
  }

  /**
   * The part of this batch from `position` on.
   *
   * @returns undefined when no message starts there: an offset that was never given out
   */
  from(position: number): Batch | undefined {
    if (position === this.start) return this
    const first = this.#messageIndexAt(position)
    if (first === undefined) return undefined
    return this.#part(first, this.messageCount)
  }

  /** @returns as many of the last messages as fit, `atLeast` in any case; undefined when that is none */
  lastMessages(limits: { maxMessages: number; maxBytes: number; atLeast: number }): Batch | undefined {
    let first = this.messageCount
    let bytes = 0
    while (first > 0 && this.messageCount - first < limits.maxMessages) {
      bytes += this.message(first - 1).byteLength
      if (bytes > limits.maxBytes && this.messageCount - first >= limits.atLeast) break
      first--
    }
    return first === this.messageCount ? undefined : this.#part(first, this.messageCount)
  }

  /** This batch in parts, below `maxBatchWireBytes` also when each message takes `extraBytes` more on the wire. */
  partsWith(extraBytes: number): Batch[] {
    const runs = runsOf(
      this.messageCount,
      (index) => wireBytesOf(this.kind, this.message(index)) + extraBytes,
    )
    return runs.length === 1 ? [this] : runs.map(([first, past]) => this.#part(first, past))
  }

  /** Messages from index `first` to before `past`. */
  #part(first: number, past: number): Batch {
    if (first === 0 && past === this.messageCount) return this
    const skipped = this.#messageStart(first)
    return new Batch({
      kind: this.kind,
      history: this.history,
      start: this.start + (this.kind === 'json' ? first : skipped),
      committedAtMs: this.committedAtMs,
      payload: this.payload.subarray(skipped, this.messageEnds[past - 1]),
      messageEnds: this.messageEnds.slice(first, past).map((end) => end - skipped),
    })
  }

  /**
   * The part of this batch before `position`; of bytes and text also a part of a message.
   *
   * @param position after the start: a batch is never empty
   */
  until(position: number): Batch {
    invariant(position > this.start, 'a batch is cut after its start')
    if (position >= this.end) return this
    const distance = position - this.start
    if (this.kind === 'json') return this.#part(0, distance)
    const { kind, history, start, committedAtMs, payload, messageEnds } = this
    return new Batch({
      kind,
      history,
      start,
      committedAtMs,
      payload: payload.subarray(0, distance),
      messageEnds: Uint32Array.from([...messageEnds.filter((end) => end < distance), distance]),
    })
  }

  #messageStart(index: number): number {
    if (index === 0) return 0
    const previousEnd = this.messageEnds[index - 1] as number
    return this.kind === 'json' ? previousEnd + 1 : previousEnd
  }

  #messageIndexAt(position: number): number | undefined {
    const distance = position - this.start
    if (this.kind === 'json') return distance > 0 && distance < this.messageCount ? distance : undefined
    let low = 0
    let high = this.messageCount - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.messageEnds[middle] as number) < distance) low = middle + 1
      else high = middle
    }
    return low + 1 < this.messageCount && this.messageEnds[low] === distance ? low + 1 : undefined
  }
}

/** The messages' own bytes, without what joins them. */
export function messageBytesOf(batches: readonly Batch[]): number {
  return batches.reduce((bytes, batch) => bytes + batch.messageBytes, 0)
}

/** How many positions these messages take in a channel of this kind. */
export function positionsOf(kind: ChannelKind, messages: readonly Uint8Array[]): number {
  if (kind === 'json') return messages.length
  let bytes = 0
  for (const message of messages) bytes += message.byteLength
  return bytes
}

/** Packs messages into batches, each below `maxBatchWireBytes` on the wire unless one message alone is larger. */
export function packBatches(
  messages: readonly Uint8Array[],
  at: { kind: ChannelKind; history: number; start: number; committedAtMs: number },
): Batch[] {
  let { start } = at
  return runsOf(messages.length, (index) => wireBytesOf(at.kind, messages[index] as Uint8Array)).map(
    ([first, past]) => {
      const batch = joinMessages(messages.slice(first, past), { ...at, start })
      start = batch.end
      return batch
    },
  )
}

/** Cuts a row of items, each joined to the next by one byte, into runs below `maxBatchWireBytes`. */
function runsOf(count: number, bytesOf: (index: number) => number): [first: number, past: number][] {
  const runs: [number, number][] = []
  let first = 0
  let bytes = 0
  for (let index = 0; index < count; index++) {
    const more = bytesOf(index) + 1
    if (index > first && bytes + more > maxBatchWireBytes) {
      runs.push([first, index])
      first = index
      bytes = 0
    }
    bytes += more
  }
  if (count > 0) runs.push([first, count])
  return runs
}

function joinMessages(
  messages: readonly Uint8Array[],
  at: { kind: ChannelKind; history: number; start: number; committedAtMs: number },
): Batch {
  const gap = at.kind === 'json' ? 1 : 0
  let length = gap * (messages.length - 1)
  for (const message of messages) length += message.byteLength
  const payload = Buffer.allocUnsafeSlow(length)
  const messageEnds = new Uint32Array(messages.length)
  let written = 0
  messages.forEach((message, index) => {
    if (gap && index > 0) payload[written++] = comma
    payload.set(message, written)
    written += message.byteLength
    messageEnds[index] = written
  })
  return new Batch({ ...at, payload, messageEnds })
}

/** An upper estimate of what a message takes in an envelope: text is escaped there, bytes become base64. */
function wireBytesOf(kind: ChannelKind, message: Uint8Array): number {
  if (kind === 'json') return message.byteLength
  if (kind === 'binary') return Math.ceil(message.byteLength / 3) * 4 + 2
  let bytes = message.byteLength + 2
  for (const byte of message) {
    if (byte < 0x20) bytes += 5
    else if (byte === 0x22 || byte === 0x5c) bytes += 1
  }
  return bytes
}
