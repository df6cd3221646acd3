import type { ChannelKind } from '@tidings/protocol'
import type { Retention } from './engine.js'

/**
 * All that may befall a channel at once, as plain as it can be: every channel, a fork too, holds copies of its own of
 * all batches that it ever had, and a number says from where on they count. `whole-log.test.ts` holds the true log
 * against it. (Of one thing at a time: `log-model-suite.ts` for forks and lifetimes, `retention.test.ts`.)
 */
export interface WholeBatch {
  readonly texts: readonly string[]
  readonly start: number
  readonly end: number
  readonly keptAtMs: number
}

export interface WholeMessage {
  readonly text: string
  readonly start: number
  readonly end: number
}

export class WholeChannel {
  readonly name: string
  readonly kind: ChannelKind
  readonly retention: Retention
  readonly ttlSeconds: number | undefined
  readonly source: WholeChannel | undefined
  /** Where it was forked: up to here its offsets are its source's. */
  readonly point: number
  /** What was told for each position of its own. */
  readonly #offsets = new Map<number, string>()
  batches: WholeBatch[]
  tail: number
  /** Where the true one began when it was looked at last; it never goes back. */
  seenEarliest: number
  forks = 0
  isDeleted = false
  lastUsedMs: number

  constructor(
    fields: Pick<WholeChannel, 'name' | 'kind' | 'retention' | 'ttlSeconds' | 'lastUsedMs'> & {
      fork?: { source: WholeChannel; point: number; earliest: number }
    },
  ) {
    const { fork } = fields
    this.name = fields.name
    this.kind = fields.kind
    this.retention = fields.retention
    this.ttlSeconds = fields.ttlSeconds
    this.lastUsedMs = fields.lastUsedMs
    this.source = fork?.source
    this.point = fork?.point ?? 0
    this.tail = this.point
    this.seenEarliest = fork?.earliest ?? 0
    this.batches = fork ? fork.source.#batchesUpTo(fork.point) : []
    if (fork) fork.source.forks++
  }

  append(texts: readonly string[], keptAtMs: number): void {
    // In a text or binary channel one append is one message.
    const messages = this.kind === 'json' ? texts : [texts.join('')]
    const start = this.tail
    this.tail += this.kind === 'json' ? messages.length : (messages[0] as string).length
    this.batches.push({ texts: messages, start, end: this.tail, keptAtMs })
  }

  /** Every message that it ever had. */
  get messages(): WholeMessage[] {
    return this.batches.flatMap(({ texts, start }) => {
      let at = start
      return texts.map((text) => {
        const from = at
        at += this.kind === 'json' ? 1 : text.length
        return { text, start: from, end: at }
      })
    })
  }

  from(position: number): string[] {
    return this.messages.filter(({ start }) => start >= position).map(({ text }) => text)
  }

  isBoundary(position: number): boolean {
    return position === 0 || this.messages.some(({ end }) => end === position)
  }

  /** Where it begins at the latest: retention drops no more than this. */
  earliestAt(nowMs: number): number {
    const { ageSeconds, count, bytes } = this.retention
    let left = this.batches.filter(({ start }) => start >= this.seenEarliest)
    let earliest = this.seenEarliest
    for (const batch of [...left]) {
      const rest = left.slice(1)
      const texts = rest.flatMap((each) => each.texts)
      const isGoing =
        (ageSeconds !== undefined && batch.keptAtMs + ageSeconds * 1000 <= nowMs) ||
        (count !== undefined && texts.length >= count) ||
        (bytes !== undefined && Buffer.byteLength(texts.join('')) >= bytes)
      if (!isGoing) break
      earliest = batch.end
      left = rest
    }
    return earliest
  }

  isOverAt(nowMs: number): boolean {
    return (
      this.ttlSeconds !== undefined && !this.isDeleted && nowMs >= this.lastUsedMs + this.ttlSeconds * 1000
    )
  }

  /** @returns what was told for this position before, by whichever channel it belongs to */
  told(position: number): string | undefined {
    return this.#owner(position).#offsets.get(position)
  }

  tell(position: number, offset: string): void {
    this.#owner(position).#offsets.set(position, offset)
  }

  #owner(position: number): WholeChannel {
    return this.source && position <= this.point ? this.source.#owner(position) : this
  }

  #batchesUpTo(point: number): WholeBatch[] {
    return this.batches
      .filter(({ start }) => start < point)
      .map((batch) => (batch.end <= point ? batch : this.#cut(batch, point)))
  }

  #cut(batch: WholeBatch, point: number): WholeBatch {
    const length = point - batch.start
    const texts =
      this.kind === 'json' ? batch.texts.slice(0, length) : [(batch.texts[0] as string).slice(0, length)]
    return { ...batch, texts, end: point }
  }
}
