import { type ChannelKind, formatOffset, invariant } from '@tidings/protocol'

/**
 * A batch is cut below this, so that its envelope fits the 32 KiB at which popular WebSocket clients stop by
 * default; a single message that is larger makes a batch of its own.
 */
export const maxBatchWireBytes = 31 * 1024

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
    return first === undefined ? undefined : this.#fromMessage(first)
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
    return first === this.messageCount ? undefined : this.#fromMessage(first)
  }

  #fromMessage(index: number): Batch {
    if (index === 0) return this
    const skipped = this.#messageStart(index)
    return new Batch({
      kind: this.kind,
      history: this.history,
      start: this.start + (this.kind === 'json' ? index : skipped),
      committedAtMs: this.committedAtMs,
      payload: this.payload.subarray(skipped),
      messageEnds: this.messageEnds.slice(index).map((end) => end - skipped),
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
    const whole = this.kind === 'json' ? distance : this.#wholeMessagesWithin(distance)
    const isCut =
      this.kind !== 'json' && (whole === 0 ? 0 : (this.messageEnds[whole - 1] as number)) < distance
    const bytes = this.kind === 'json' ? (this.messageEnds[whole - 1] as number) : distance
    return new Batch({
      kind: this.kind,
      history: this.history,
      start: this.start,
      committedAtMs: this.committedAtMs,
      payload: this.payload.subarray(0, bytes),
      messageEnds: Uint32Array.from([...this.messageEnds.subarray(0, whole), ...(isCut ? [distance] : [])]),
    })
  }

  #wholeMessagesWithin(bytes: number): number {
    const beyond = this.messageEnds.findIndex((end) => end > bytes)
    return beyond === -1 ? this.messageCount : beyond
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
  const batches: Batch[] = []
  let start = at.start
  let from = 0
  while (from < messages.length) {
    let wireBytes = wireBytesOf(at.kind, messages[from] as Uint8Array)
    let to = from + 1
    while (to < messages.length) {
      wireBytes += 1 + wireBytesOf(at.kind, messages[to] as Uint8Array)
      if (wireBytes > maxBatchWireBytes) break
      to++
    }
    const batch = joinMessages(messages.slice(from, to), { ...at, start })
    batches.push(batch)
    start = batch.end
    from = to
  }
  return batches
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
