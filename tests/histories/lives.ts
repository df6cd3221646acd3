import {
  type ChannelAddress,
  type CreateOptions,
  createChannel,
  type ProblemError,
  type ReadBatch,
} from '@tidings/client/ways'
import type { Entry, LifeRecord, Refusal, StretchRecord } from '../support/life-checker.js'
import type { OwnClock } from '../support/own-clock.js'

/** One life of a channel while it goes on. */
export class Life {
  readonly channel: string
  readonly start: string
  readonly limits: LifeRecord['limits']
  readonly #inherited: readonly Entry[]
  readonly #own: Entry[] = []
  isClosed = false
  endedAt: number | undefined

  constructor(fields: Pick<LifeRecord, 'channel' | 'start' | 'limits'> & { inherited: readonly Entry[] }) {
    this.channel = fields.channel
    this.start = fields.start
    this.limits = fields.limits
    this.#inherited = fields.inherited
  }

  keep(entry: Entry): void {
    this.#own.push(entry)
  }

  get entries(): Entry[] {
    return [...this.#inherited, ...this.#own.toSorted((a, b) => (a.offset < b.offset ? -1 : 1))]
  }

  get record(): LifeRecord {
    const { channel, start, limits, isClosed, endedAt, entries } = this
    return { channel, start, limits, isClosed, endedAt, entries }
  }
}

/** Who waits until so much has been published. */
interface Waiting {
  readonly count: number
  readonly resolve: () => void
}

/** All lives of all channels of a test, and what its readers heard. */
export class Chronicle {
  readonly #clock: OwnClock
  readonly #lives: Life[] = []
  readonly #stretches: Stretch[] = []
  readonly #byHistory = new Map<string, Life>()
  #waiting: Waiting[] = []
  #tick = 0
  #isOver = false
  published = 0

  constructor(clock: OwnClock) {
    this.#clock = clock
  }

  tick(): number {
    return ++this.#tick
  }

  get lives(): LifeRecord[] {
    return this.#lives.map(({ record }) => record)
  }

  get stretches(): StretchRecord[] {
    return this.#stretches.map(({ record }) => record)
  }

  /** The life that the channel leads now, if it does. */
  current(channel: string): Life | undefined {
    return this.#lives.find((life) => life.channel === channel && life.endedAt === undefined)
  }

  /** @param source where it is forked, and the offset of the last that it inherits */
  async begin(
    address: ChannelAddress,
    options: CreateOptions = {},
    more: { limits?: LifeRecord['limits']; source?: { life: Life; offset: string } } = {},
  ): Promise<Life> {
    const { nextOffset } = await createChannel(address, options)
    const { limits, source } = more
    const inherited = (source?.life.entries ?? []).filter(({ offset }) => offset <= (source?.offset ?? ''))
    const life = new Life({
      channel: address.channel,
      start: source?.life.start ?? nextOffset,
      limits,
      inherited,
    })
    this.#lives.push(life)
    if (!source) this.#byHistory.set(historyOf(nextOffset), life)
    return life
  }

  acknowledged(channel: string, entry: Entry): void {
    const history = historyOf(entry.offset)
    // A fork's own history is told with its first message.
    const life = this.#byHistory.get(history) ?? this.current(channel)
    if (!life) throw new Error(`${entry.offset} is of no life of ${channel}`)
    this.#byHistory.set(history, life)
    life.keep(entry)
    this.published++
    const reached = this.#waiting.filter(({ count }) => count <= this.published)
    this.#waiting = this.#waiting.filter(({ count }) => count > this.published)
    for (const { resolve } of reached) resolve()
  }

  /** Resolves when so many more are published, or when nothing more will be. */
  more(count: number): Promise<void> {
    if (this.#isOver) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ count: this.published + count, resolve }))
  }

  nothingMore(): void {
    this.#isOver = true
    for (const { resolve } of this.#waiting.splice(0)) resolve()
  }

  stretch(reader: string, channel: string, from: string): Stretch {
    const stretch = new Stretch(reader, channel, from)
    this.#stretches.push(stretch)
    return stretch
  }

  refusalOf(error: ProblemError): Refusal {
    const { earliestOffset, nextOffset } = error.facts
    const at = { tick: this.tick(), nowMs: this.#clock.now() }
    return { code: error.code, earliestOffset, latestOffset: nextOffset, ...at }
  }
}

/** One reading while it goes on. */
export class Stretch {
  readonly #reader: string
  readonly #channel: string
  readonly #from: string
  readonly #heard: { message?: string; offset?: string }[] = []
  hasReachedEnd = false
  refusal: Refusal | undefined

  constructor(reader: string, channel: string, from: string) {
    this.#reader = reader
    this.#channel = channel
    this.#from = from
  }

  saw(batch: ReadBatch): void {
    const messages = batch.kind === 'json' ? batch.raw : []
    this.#heard.push(...messages.map((message) => ({ message })), { offset: batch.nextOffset })
    if (batch.closed) this.hasReachedEnd = true
  }

  get record(): StretchRecord {
    const { hasReachedEnd, refusal } = this
    return {
      reader: this.#reader,
      channel: this.#channel,
      from: this.#from,
      heard: this.#heard,
      hasReachedEnd,
      refusal,
    }
  }
}

function historyOf(offset: string): string {
  return offset.slice(0, 16)
}
