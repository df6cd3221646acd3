import { offsetsOf } from '../channel/offsets.js'
import type { Envelope } from '../links/link.js'
import { isOffset, type Start } from '../wire/start.js'

/** An envelope, and the offset that it goes on from: who has heard to there hears it next. */
export interface Entry {
  readonly at: string
  readonly envelope: Envelope
  /** Characters on the wire, or near. */
  readonly length: number
}

/** Characters that one channel's ring keeps: so much may come while a tab that has caught up says so. */
const maxLength = 256 * 1024

/** The last of what a feed has brought, for tabs that are a moment behind it. */
export class Ring {
  /** After the last envelope. */
  place: string
  readonly #entries: Entry[] = []
  #length = 0

  constructor(place: string) {
    this.place = place
  }

  /** The earliest offset from which nothing is missing here. */
  get from(): string {
    return this.#entries[0]?.at ?? this.place
  }

  /** @param envelope of messages: it goes on from the present place */
  push(envelope: Envelope, length: number): Entry {
    const entry = { at: this.place, envelope, length }
    this.place = envelope.nextOffset as string
    this.#entries.push(entry)
    this.#length += length
    while (this.#length > maxLength) this.#length -= (this.#entries.shift() as Entry).length
    return entry
  }

  after(start: string): Entry[] {
    return this.#entries.filter(({ envelope }) => (envelope.nextOffset as string) > start)
  }
}

/**
 * What of an entry comes after `start`: all of it, some of its messages, or none. Within a history offsets sort as
 * texts.
 *
 * @returns undefined when something may be missing between the two
 */
export function partAfter({ at, envelope }: Entry, start: Start): Envelope | undefined {
  const { type, messages = [], nextOffset = '' } = envelope
  if (start === at) return envelope
  if (type !== 'data' || !isOffset(start)) return undefined
  if (start > nextOffset) return { type, messages: [] }
  const offsets = offsetsOf(envelope, at) ?? []
  const next = offsets.indexOf(start) + 1
  return next > 0 ? { ...envelope, messages: messages.slice(next), offsets: offsets.slice(next) } : undefined
}
