import { type ChannelKind, invariant, parseOffset } from '@tidings/protocol'

/**
 * A log as plain as it can be: every channel has a list of its own messages, what a fork inherits is looked up
 * in its source, and nothing is ever kept but in these objects. `log.test.ts` holds the true one against it.
 */
export class ModelLog {
  readonly #channels = new Map<string, ModelChannel>()
  nowMs: number

  constructor(nowMs: number) {
    this.nowMs = nowMs
  }

  get channels(): ModelChannel[] {
    return [...this.#channels.values()]
  }

  get(name: string): ModelChannel | undefined {
    return this.#channels.get(name)
  }

  add(channel: ModelChannel): ModelChannel {
    this.#channels.set(channel.name, channel)
    if (channel.fork) channel.fork.source.forkCount++
    return channel
  }

  remove(channel: ModelChannel): void {
    if (channel.forkCount > 0) {
      channel.isDeleted = true
      return
    }
    this.#channels.delete(channel.name)
    const source = channel.fork?.source
    if (!source) return
    source.forkCount--
    if (source.isDeleted) this.remove(source)
  }

  advance(seconds: number): void {
    this.nowMs += seconds * 1000
    for (const channel of this.channels) if (channel.isOverAt(this.nowMs)) this.remove(channel)
  }

  /** When a channel was last used is forgotten. */
  restart(): void {
    for (const channel of this.channels) channel.lastUsedMs = this.nowMs
  }
}

export interface ModelMessage {
  readonly text: string
  readonly start: number
  readonly end: number
  /** Where the batch starts that it was kept in. */
  readonly batchStart: number
  readonly keptAtMs: number
}

export interface ModelFork {
  readonly source: ModelChannel
  readonly point: number
  readonly offset: string | undefined
  readonly subOffset: number
  readonly inheritsLifetime: boolean
}

export class ModelChannel {
  readonly name: string
  readonly kind: ChannelKind
  readonly ttlSeconds: number | undefined
  readonly expiresAtMs: number | undefined
  readonly fork: ModelFork | undefined
  readonly #own: ModelMessage[] = []
  /** Offsets that were told, by position; a fork's inherited ones stand with its source. */
  readonly #offsets = new Map<number, string>()
  isClosed: boolean
  isDeleted = false
  forkCount = 0
  lastUsedMs: number

  constructor(fields: {
    name: string
    kind: ChannelKind
    ttlSeconds?: number | undefined
    expiresAtMs?: number | undefined
    isClosed?: boolean
    fork?: ModelFork | undefined
    nowMs: number
  }) {
    this.name = fields.name
    this.kind = fields.kind
    this.ttlSeconds = fields.ttlSeconds
    this.expiresAtMs = fields.expiresAtMs
    this.isClosed = fields.isClosed ?? false
    this.fork = fields.fork
    this.lastUsedMs = fields.nowMs
  }

  get messages(): ModelMessage[] {
    if (!this.fork) return this.#own
    const { source, point } = this.fork
    const whole = source.messages.filter(({ end }) => end <= point)
    const cut = source.messages.find(({ start, end }) => start < point && end > point)
    return [...whole, ...(cut ? [cutAt(cut, point)] : []), ...this.#own]
  }

  get tail(): number {
    return this.#own.at(-1)?.end ?? this.fork?.point ?? 0
  }

  append(texts: readonly string[], at: { batchStart: number; nowMs: number }): void {
    for (const text of texts) {
      const start = this.tail
      const end = start + (this.kind === 'json' ? 1 : Buffer.byteLength(text))
      this.#own.push({ text, start, end, batchStart: at.batchStart, keptAtMs: at.nowMs })
    }
  }

  isBoundary(position: number): boolean {
    return position === 0 || this.messages.some(({ end }) => end === position)
  }

  /** That a position has one offset for ever, whoever tells it: the channel, its source, or another fork. */
  learn(position: number, offset: string): void {
    const owner = this.#ownerOf(position)
    const known = owner.#offsets.get(position)
    invariant(known === undefined || known === offset, `${offset} was told as ${known} before`)
    owner.#offsets.set(position, offset)
  }

  offsetAt(position: number): string | undefined {
    return this.#ownerOf(position).#offsets.get(position)
  }

  /** Whether a reader of this channel may go on from an offset that was told somewhere. */
  takes(offset: string): boolean {
    const parsed = parseOffset(offset)
    if (parsed?.at !== 'offset') return true
    const { position } = parsed
    return position <= this.tail && this.isBoundary(position) && this.offsetAt(position) === offset
  }

  isOverAt(nowMs: number): boolean {
    if (this.isDeleted) return false
    if (this.ttlSeconds !== undefined) return nowMs >= this.lastUsedMs + this.ttlSeconds * 1000
    return this.expiresAtMs !== undefined && nowMs >= this.expiresAtMs
  }

  #ownerOf(position: number): ModelChannel {
    return this.fork && position <= this.fork.point ? this.fork.source.#ownerOf(position) : this
  }
}

function cutAt(message: ModelMessage, point: number): ModelMessage {
  const text = Buffer.from(message.text)
    .subarray(0, point - message.start)
    .toString()
  return { ...message, text, end: point }
}
