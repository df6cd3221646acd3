/**
 * What happened on one channel, as its publishers and its readers tell it, and what was wrong with it.
 *
 * - *loss*: a publisher was told that a message is kept, or a reader saw it, and another reader that read past
 *   its place, or to the end, did not.
 * - *repeat*: a reader saw a message twice in one pass.
 * - *reorder*: two readers disagree about the order, the place of a message or the order of one publisher's
 *   messages, or a publisher was told an offset that its message lies behind.
 * - *phantom*: a reader saw a message that nobody tried to publish, or that was refused.
 *
 * A message is a text that is published once: a retry is the same message.
 */

/** What a publisher knows of a message: told that it is kept, told that it is not, or told nothing. */
export type Fate = 'acknowledged' | 'refused' | 'unknown'

export interface Attempt {
  readonly message: string
  readonly fate: Fate
  /** What the acknowledgement told: the message lies before it. */
  readonly offset?: string
}

export interface PublisherRecord {
  readonly publisher: string
  /** In the order in which they were given to it. */
  readonly attempts: readonly Attempt[]
}

export interface Sighting {
  readonly message: string
  /** The offset after this very message, where the way tells or lets it be counted. */
  readonly offset?: string
}

/** One reading from one offset on; that it reconnected meanwhile changes nothing. */
export interface PassRecord {
  readonly reader: string
  /** The beginning, so that everything must be seen; a later offset else. */
  readonly startsAtBeginning: boolean
  /** The channel was closed, and the reader heard that nothing follows. */
  readonly hasReachedEnd: boolean
  readonly sightings: readonly Sighting[]
}

export interface Fault {
  readonly kind: 'loss' | 'repeat' | 'reorder' | 'phantom'
  readonly message: string
  /** Who noticed. */
  readonly reader: string
  readonly detail: string
}

/**
 * @throws when no pass goes from the beginning to the end: then nothing can be said
 */
export function findFaults(publishers: readonly PublisherRecord[], passes: readonly PassRecord[]): Fault[] {
  const whole = passes.filter((pass) => pass.startsAtBeginning && pass.hasReachedEnd)
  const [first, ...others] = whole
  if (!first) throw new Error('No reader read from the beginning to the end: loss can not be decided')
  // The one that saw most: what it saw and others did not is their loss.
  const reference = others.reduce((most, pass) => (distinct(pass) > distinct(most) ? pass : most), first)
  const log = new ReferenceLog(reference)
  const attempts = new Map(
    publishers.flatMap((record) => record.attempts.map((attempt) => [attempt.message, attempt])),
  )
  return [
    ...passes.flatMap((pass) => [...repeats(pass), ...phantoms(pass, attempts), ...againstLog(pass, log)]),
    ...publishers.flatMap((record) => [...lostAcknowledged(record, log), ...brokenOrder(record, log)]),
  ]
}

/** One line for each kind of fault and the first few of them: for a test's message. */
export function describeFaults(faults: readonly Fault[]): string {
  const shown = faults
    .slice(0, 10)
    .map(({ kind, reader, message, detail }) => `${kind}: ${reader}: ${message}: ${detail}`)
  return faults.length === 0 ? 'nothing wrong' : `${faults.length} faults\n${shown.join('\n')}`
}

/** What one reader saw, with each message's place: the order that all others are held against. */
class ReferenceLog {
  readonly reader: string
  readonly messages: readonly string[]
  readonly #places = new Map<string, number>()
  readonly #offsets = new Map<string, string>()

  constructor(pass: PassRecord) {
    this.reader = pass.reader
    for (const { message, offset } of pass.sightings) {
      if (this.#places.has(message)) continue
      this.#places.set(message, this.#places.size)
      if (offset !== undefined) this.#offsets.set(message, offset)
    }
    this.messages = [...this.#places.keys()]
  }

  place(message: string): number | undefined {
    return this.#places.get(message)
  }

  offset(message: string): string | undefined {
    return this.#offsets.get(message)
  }
}

function distinct(pass: PassRecord): number {
  return new Set(pass.sightings.map(({ message }) => message)).size
}

function repeats({ reader, sightings }: PassRecord): Fault[] {
  const seen = new Set<string>()
  const faults: Fault[] = []
  for (const { message, offset } of sightings) {
    if (seen.has(message)) {
      faults.push({ kind: 'repeat', message, reader, detail: `seen again before ${offset ?? 'the end'}` })
    }
    seen.add(message)
  }
  return faults
}

function phantoms({ reader, sightings }: PassRecord, attempts: ReadonlyMap<string, Attempt>): Fault[] {
  return sightings.flatMap(({ message }): Fault[] => {
    const attempt = attempts.get(message)
    if (!attempt) return [{ kind: 'phantom', message, reader, detail: 'nobody tried to publish it' }]
    if (attempt.fate !== 'refused') return []
    return [{ kind: 'phantom', message, reader, detail: 'its publisher was told that it was refused' }]
  })
}

/** A pass is one unbroken stretch of the log, in its order. */
function againstLog(pass: PassRecord, log: ReferenceLog): Fault[] {
  const { reader, startsAtBeginning, hasReachedEnd } = pass
  const faults: Fault[] = []
  const skipped = new Map<string, string>()
  const skip = (from: number, to: number, detail: string) => {
    for (const message of log.messages.slice(from, to)) skipped.set(message, detail)
  }
  let next = startsAtBeginning ? 0 : undefined
  for (const { message, offset } of firstSightings(pass)) {
    const place = log.place(message)
    if (place === undefined) {
      const detail = `seen by ${reader}, but not by ${log.reader}, who read to the end`
      faults.push({ kind: 'loss', message, reader: log.reader, detail })
      continue
    }
    const known = log.offset(message)
    if (offset !== undefined && known !== undefined && known !== offset) {
      const detail = `ends at ${offset} here, at ${known} for ${log.reader}`
      faults.push({ kind: 'reorder', message, reader, detail })
    }
    if (next !== undefined && place < next) {
      faults.push({ kind: 'reorder', message, reader, detail: `came earlier for ${log.reader}` })
      // What was skipped and came after all is out of order, not lost.
      skipped.delete(message)
      continue
    }
    if (next !== undefined) skip(next, place, `skipped, though ${message} after it was seen`)
    next = place + 1
  }
  if (hasReachedEnd && next !== undefined) skip(next, log.messages.length, 'not seen, though read to the end')
  return [
    ...faults,
    ...[...skipped].map(([message, detail]): Fault => ({ kind: 'loss', message, reader, detail })),
  ]
}

function firstSightings({ sightings }: PassRecord): Sighting[] {
  const seen = new Set<string>()
  return sightings.filter(({ message }) => !seen.has(message) && seen.add(message))
}

function lostAcknowledged({ publisher, attempts }: PublisherRecord, log: ReferenceLog): Fault[] {
  return attempts.flatMap(({ message, fate, offset }): Fault[] => {
    if (fate !== 'acknowledged') return []
    const reader = log.reader
    if (log.place(message) === undefined) {
      const detail = `${publisher} was told that it is kept (${offset ?? 'without an offset'})`
      return [{ kind: 'loss', message, reader, detail }]
    }
    const end = log.offset(message)
    // Offsets sort as strings, across histories too.
    if (end === undefined || offset === undefined || end <= offset) return []
    const detail = `ends at ${end}, behind the offset that ${publisher} was told: ${offset}`
    return [{ kind: 'reorder', message, reader, detail }]
  })
}

/** Each publisher's messages stand in the log in the order in which they were given to it. */
function brokenOrder({ publisher, attempts }: PublisherRecord, log: ReferenceLog): Fault[] {
  const faults: Fault[] = []
  let highest = -1
  for (const { message } of attempts) {
    const place = log.place(message)
    if (place === undefined) continue
    if (place < highest) {
      const detail = `${publisher} published it after ${log.messages[highest]}`
      faults.push({ kind: 'reorder', message, reader: log.reader, detail })
    }
    highest = Math.max(highest, place)
  }
  return faults
}
