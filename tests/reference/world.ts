import type { ToldOffset, ToldTag, Value } from './operation.js'

/** One position of a channel, as each of the two servers writes it. */
export interface Told {
  readonly here: string
  readonly reference: string
}

/** Channels that stand on each other: what befalls one of them may show in another. */
export interface Family {
  readonly names: Set<string>
  isRetired: boolean
}

/** What both servers have told of a channel. */
export class KnownChannel {
  readonly name: string
  readonly contentType: string
  readonly family: Family
  /** The headers of the PUT that made it. */
  readonly madeWith: Readonly<Record<string, Value>>
  /** From the channel of that name that was there before. */
  readonly stale: readonly Told[]
  readonly told: Told[] = []
  readonly tags: { readonly query: readonly (readonly [string, Value])[]; readonly tag: Told }[] = []
  readonly producers = new Map<string, { epoch: number; lastSeq: number }>()
  sequence = 0
  isClosed = false
  isLarge = false
  isDeleted = false

  constructor(fields: Pick<KnownChannel, 'name' | 'contentType' | 'family' | 'madeWith' | 'stale'>) {
    this.name = fields.name
    this.contentType = fields.contentType
    this.family = fields.family
    this.madeWith = fields.madeWith
    this.stale = fields.stale
  }

  get kind(): 'json' | 'text' | 'binary' {
    const type = this.contentType.split(';')[0]?.trim().toLowerCase() ?? ''
    if (type === 'application/json') return 'json'
    return type.startsWith('text/') ? 'text' : 'binary'
  }

  /** The last position that was told. */
  get tail(): Told | undefined {
    return this.told.reduce<Told | undefined>(
      (last, each) => (last === undefined || each.here > last.here ? each : last),
      undefined,
    )
  }

  /**
   * Both servers told these for one position.
   *
   * @returns whether that goes together with what they told before
   */
  meet(told: Told): boolean {
    const known = this.told.find(({ here, reference }) => here === told.here || reference === told.reference)
    if (known) return known.here === told.here && known.reference === told.reference
    this.told.push(told)
    return true
  }
}

/** What is known of all channels. */
export class World {
  readonly channels = new Map<string, KnownChannel>()

  /** Those in which something is left to ask. */
  get liveFamilies(): number {
    return new Set(this.all().flatMap(({ family, isDeleted }) => (isDeleted ? [] : [family]))).size
  }

  /** Channels whose two servers agree, deleted ones too. */
  all(): KnownChannel[] {
    return [...this.channels.values()]
  }

  familyOf(name: string): Family | undefined {
    return this.channels.get(name)?.family
  }

  /** From here on the servers are in different states, as a known difference has it: nothing more is asked there. */
  retire(family: Family): void {
    family.isRetired = true
    for (const name of family.names) this.channels.delete(name)
  }

  /** What a value is called at each server. */
  resolve(value: Value): Told {
    if (typeof value === 'string') return { here: value, reference: value }
    return 'tag' in value ? this.#tag(value) : this.#offset(value)
  }

  #offset({ told, of, stale }: ToldOffset): Told {
    const channel = this.channels.get(of)
    const list = (stale ? channel?.stale : channel?.told) ?? []
    return list[told % list.length] ?? { here: '-1', reference: '-1' }
  }

  #tag({ tag, of }: ToldTag): Told {
    const list = this.channels.get(of)?.tags ?? []
    return list[tag % list.length]?.tag ?? { here: '"none"', reference: '"none"' }
  }
}
