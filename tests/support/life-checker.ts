/**
 * What happened on channels that end, are made again, branch and forget: the checker of `history-checker.ts` wants a
 * reader who saw all, and here there may be none. Each publisher sends one message at a time and is told the offset
 * after it, so the acknowledgements alone say what each channel held and where. Readers are held against that:
 *
 * - *loss*: a message was skipped, or an end was told before the end.
 * - *repeat*, *reorder*: a message came again, or where another belongs.
 * - *phantom*: a message that nobody was told is kept, or that belongs to another life or channel.
 * - *misplaced*: an offset was told that is not that of the place.
 * - *refusal*: a reader was refused though what it asked for was there.
 * - *early*: retention dropped what its limits still hold.
 */
export interface LifeRecord {
  readonly channel: string
  /** Before the first message. */
  readonly start: string
  /** In the order of their positions; what a fork inherits comes first. */
  readonly entries: readonly Entry[]
  readonly limits?: { readonly count?: number; readonly bytes?: number; readonly ageMs?: number }
  readonly isClosed: boolean
  /** When its deletion was asked for, or its time was over: a tick of the test's. */
  readonly endedAt?: number | undefined
}

export interface Entry {
  readonly message: string
  /** After it. */
  readonly offset: string
  /** The server's clock before it was sent, milliseconds. */
  readonly attemptedAtMs: number
}

/** One unbroken reading from an offset on. */
export interface StretchRecord {
  readonly reader: string
  readonly channel: string
  /** `-1` only while nothing has been dropped. */
  readonly from: string
  /** Messages in the order in which they came, and offsets wherever one was told: after the last of a batch. */
  readonly heard: readonly { readonly message?: string; readonly offset?: string }[]
  readonly hasReachedEnd: boolean
  readonly refusal?: Refusal | undefined
}

export interface Refusal {
  readonly code: string
  readonly earliestOffset?: string | undefined
  readonly latestOffset?: string | undefined
  /** When it was heard: a tick of the test's, and the server's clock, milliseconds. */
  readonly tick: number
  readonly nowMs: number
}

export interface LifeFault {
  readonly kind: 'loss' | 'repeat' | 'reorder' | 'phantom' | 'misplaced' | 'refusal' | 'early'
  readonly reader: string
  readonly detail: string
}

export function findLifeFaults(
  lives: readonly LifeRecord[],
  stretches: readonly StretchRecord[],
): LifeFault[] {
  return stretches.flatMap((stretch) => {
    const ofName = lives.filter(({ channel }) => channel === stretch.channel)
    const life = ofName.find((each) => placeOf(each, stretch) !== undefined)
    const heard = life ? heardFaults(life, stretch) : unknownStart(stretch)
    return [...heard, ...refusalFaults(stretch, { life, ofName })]
  })
}

/** How many entries lie before the offset; undefined when the life never told it. */
function indexOf({ start, entries }: LifeRecord, offset: string): number | undefined {
  if (offset === start) return 0
  const index = entries.findIndex((entry) => entry.offset === offset)
  return index < 0 ? undefined : index + 1
}

/** Where a stretch begins in a life; the beginning is that of the life whose messages it heard. */
function placeOf(life: LifeRecord, { from, heard }: StretchRecord): number | undefined {
  if (from !== '-1') return indexOf(life, from)
  const offset = heard.find((each) => each.offset !== undefined)?.offset
  return offset === undefined || indexOf(life, offset) !== undefined ? 0 : undefined
}

function unknownStart({ reader, from, heard }: StretchRecord): LifeFault[] {
  if (heard.length === 0) return []
  return [{ kind: 'phantom', reader, detail: `heard something from ${from}, which was never told` }]
}

function heardFaults(life: LifeRecord, stretch: StretchRecord): LifeFault[] {
  const { reader, heard, hasReachedEnd } = stretch
  const begin = placeOf(life, stretch) ?? 0
  const places = new Map(life.entries.map(({ message }, index) => [message, index]))
  const faults: LifeFault[] = []
  const found = (kind: LifeFault['kind'], detail: string) => faults.push({ kind, reader, detail })
  let next = begin
  for (const { message, offset } of heard) {
    if (message !== undefined) {
      const place = places.get(message)
      if (place === undefined) found('phantom', `${message} is not of this life of ${life.channel}`)
      else if (place < next) found(place >= begin ? 'repeat' : 'reorder', `${message} belongs before`)
      else if (place > next) found('loss', `${life.entries[next]?.message} was skipped for ${message}`)
      if (place !== undefined) next = Math.max(next, place + 1)
    }
    const expected = next === 0 ? life.start : life.entries[next - 1]?.offset
    if (offset !== undefined && offset !== expected) found('misplaced', `${offset} was told at ${expected}`)
  }
  if (hasReachedEnd && !life.isClosed) found('loss', 'an end was told of a channel that is open')
  if (hasReachedEnd && next < life.entries.length) found('loss', `the end was told after ${next} messages`)
  return faults
}

function refusalFaults(
  stretch: StretchRecord,
  at: { readonly life: LifeRecord | undefined; readonly ofName: readonly LifeRecord[] },
): LifeFault[] {
  const { reader, from, refusal } = stretch
  if (!refusal) return []
  const { life, ofName } = at
  const fault = (kind: LifeFault['kind'], detail: string): LifeFault[] => [
    { kind, reader, detail: `${refusal.code} from ${from}: ${detail}` },
  ]
  const isOver = (each: LifeRecord) => each.endedAt !== undefined && each.endedAt < refusal.tick
  switch (refusal.code) {
    case 'offset-gone':
      if (!life) return fault('refusal', 'it was never an offset of the channel')
      return goneFaults(life, stretch, refusal, fault)
    case 'history-changed':
      // What it asked for belongs to a life that is over, or to none.
      return life && !isOver(life) ? fault('refusal', 'it is an offset of the channel') : []
    case 'channel-unknown':
    case 'channel-deleted':
      return ofName.some(isOver) ? [] : fault('refusal', 'the channel was there all the time')
    default:
      return fault('refusal', 'nobody should be refused so')
  }
}

/** Where the reader stood when it was refused: what it had heard before is behind it. */
function goneFaults(
  life: LifeRecord,
  { from, heard }: StretchRecord,
  { earliestOffset = '', latestOffset = '', nowMs }: Refusal,
  fault: (kind: LifeFault['kind'], detail: string) => LifeFault[],
): LifeFault[] {
  const stood = heard.findLast(({ offset }) => offset !== undefined)?.offset ?? from
  const place = stood === '-1' ? 0 : indexOf(life, stood)
  const [earliest, latest] = [indexOf(life, earliestOffset), indexOf(life, latestOffset)]
  if (place === undefined || earliest === undefined || latest === undefined) {
    return fault('misplaced', `${earliestOffset} or ${latestOffset} was never told`)
  }
  if (earliest <= place) return fault('refusal', `${earliestOffset} is not after it`)
  const kept = life.entries.slice(earliest, latest)
  const { count, bytes, ageMs } = life.limits ?? {}
  const lastDropped = life.entries[earliest - 1] as Entry
  const keptBytes = kept.reduce((sum, { message }) => sum + Buffer.byteLength(message), 0)
  const isAllowed =
    (count !== undefined && kept.length >= count) ||
    (bytes !== undefined && keptBytes >= bytes) ||
    (ageMs !== undefined && lastDropped.attemptedAtMs + ageMs <= nowMs)
  return isAllowed ? [] : fault('early', `${kept.length} messages of ${keptBytes} bytes were left`)
}

export function describeLifeFaults(faults: readonly LifeFault[]): string {
  if (faults.length === 0) return 'nothing wrong'
  const shown = faults.slice(0, 10).map(({ kind, reader, detail }) => `${kind}: ${reader}: ${detail}`)
  return `${faults.length} faults\n${shown.join('\n')}`
}
