import { path, type Way } from '@tidings/protocol'
import type { ProblemError } from '../problem-error.js'
import { serverUrl } from '../wire/address.js'
import { startFields } from '../wire/start.js'
import { checked, problemOf } from './envelope.js'
import type { Envelope, Hearing, Link, LinkOwner } from './link.js'
import type { Network } from './network.js'

/** Channels of one request: the server takes no more. */
const maxStreams = 64
/** A proxy refuses a request's line beyond 8 KiB, and each channel may grow by the length of an offset (32). */
const maxQueryLength = 6_000

/** What the three ways of HTTP have in common: they ask for a set of channels, each again in its own rhythm. */
export interface Asking {
  readonly network: Network
  readonly signal: AbortSignal
  /** @returns undefined when nothing is left to hear */
  url(live?: string): URL | undefined
  /** Whether all channels' places are offsets; else the first read, which is not held, tells them. */
  isPlaced(): boolean
  /** An answer has come: the link works. */
  answered(): void
  lasting(): void
  /** @throws ProblemError `answer-malformed` */
  received(envelopes: string | Uint8Array): Envelope[]
}

/** @see docs/protocol.md, several channels on one response */
export class StreamsLink implements Link {
  readonly way: Way
  readonly owner: LinkOwner
  readonly network: Network
  readonly listen: (asking: Asking) => Promise<void>
  #slices: Slice[] = []

  /** @param listen asks until its signal aborts; the set of channels changes by aborting it and listening anew */
  constructor(way: Way, owner: LinkOwner, network: Network, listen: (asking: Asking) => Promise<void>) {
    this.way = way
    this.owner = owner
    this.network = network
    this.listen = listen
  }

  hear(hearing: Hearing): void {
    let slice = this.#slices.find((each) => each.hasRoom(hearing))
    if (!slice) {
      slice = new Slice(this)
      this.#slices.push(slice)
    }
    slice.change(() => slice.hearings.add(hearing))
  }

  leave(hearing: Hearing): void {
    for (const slice of this.#slices) {
      if (slice.hearings.has(hearing)) slice.change(() => slice.hearings.delete(hearing))
    }
  }

  probe(): void {
    for (const slice of this.#slices) slice.change()
  }

  close(): void {
    for (const slice of this.#slices) slice.change(() => slice.hearings.clear())
    this.#slices = []
  }

  down(error: ProblemError): void {
    this.close()
    this.owner.down(this, error)
  }
}

/** The channels of one request. */
class Slice {
  readonly hearings = new Set<Hearing>()
  readonly #link: StreamsLink
  #lifetime = new AbortController()
  #isChanging = false

  constructor(link: StreamsLink) {
    this.#link = link
  }

  hasRoom(hearing: Hearing): boolean {
    const all = [...this.hearings, hearing]
    return all.length <= maxStreams && String(new URLSearchParams(all.map(stream))).length <= maxQueryLength
  }

  /** What changes in one turn is asked for once. */
  change(change?: () => void): void {
    change?.()
    if (this.#isChanging) return
    this.#isChanging = true
    this.#lifetime.abort()
    this.#lifetime = new AbortController()
    const { signal } = this.#lifetime
    queueMicrotask(() => {
      this.#isChanging = false
      if (this.hearings.size > 0) void this.#listen(signal)
    })
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const link = this.#link
    const { owner } = link
    try {
      await link.listen({
        network: link.network,
        signal,
        url: (live) => this.#url(live),
        isPlaced: () => [...this.hearings].every(({ start }) => isPlace(start)),
        answered: () => owner.up(link),
        lasting: () => owner.lasting(link),
        received: (text) => this.#received(text, signal),
      })
    } catch (error) {
      if (!signal.aborted) link.down(problemOf(error))
    }
  }

  #received(body: string | Uint8Array, signal: AbortSignal): Envelope[] {
    const text = typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body)
    const envelopes = ([] as Envelope[]).concat(JSON.parse(text))
    const length = text.length / envelopes.length
    for (const envelope of envelopes) {
      if (!signal.aborted) this.#link.owner.received(this.#link, checked(envelope), length)
    }
    return envelopes
  }

  /** `last` and `since` stand once in a query: channels that want others wait for the next. */
  #url(live?: string): URL | undefined {
    const hearings = [...this.hearings]
    const relative = hearings.find(({ start }) => typeof start !== 'string')?.start
    const asked = hearings.filter(({ start }) => typeof start === 'string' || isSame(start, relative))
    if (asked.length === 0) return undefined
    const url = serverUrl(this.#link.network.server, path.streams)
    const query = new URLSearchParams(asked.map(stream))
    for (const [name, value] of Object.entries(relative ? startFields(relative) : {})) query.set(name, value)
    if (asked.some(({ withOffsets }) => withOffsets)) query.set('offsets', 'true')
    if (live) query.set('live', live)
    url.search = String(query)
    return url
  }
}

function stream({ channel, start }: Hearing): [string, string] {
  return ['stream', `${channel}@${typeof start === 'string' ? start : ''}`]
}

function isPlace(start: Hearing['start']): boolean {
  return typeof start === 'string' && start !== 'now'
}

function isSame(one: object, other: object | string | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
