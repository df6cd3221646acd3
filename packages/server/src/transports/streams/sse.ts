import { endedPlace, formatVector } from '@tidings/protocol'
import { type End, type Sink, Subscriber, Turns, type WireForm } from '../../hub/index.js'
import { envelopeOf, errorEnvelope } from '../envelope-text.js'
import { EventStream, eventStreamHeaders, nothingFollows } from '../event-stream.js'
import type { Exchange, StreamSink } from '../exchange.js'
import type { Station } from '../transport.js'
import { eventOf, eventParts, type Part } from './part-forms.js'
import { isPlace, type Outcome, type Place, type Trouble, withPlaces } from './places.js'
import type { StreamsTransport } from './streams-transport.js'

/**
 * Server-Sent Events of several channels on one response: unnamed events, an envelope each. The `id:` is the
 * vector of offsets; a browser that comes back with it goes on in every channel after what it heard there, and is
 * told no end and no trouble twice.
 *
 *     C-> GET /v1/streams?stream=cake@-1&stream=tea@now&live=sse
 *     S-> retry:1043
 *     S-> id:…17,…4                                       where both are
 *     S-> id:…18,…4    data:{"type":"data","channel":"cake","messages":[{"cake":"ready"}],"nextOffset":"…18",…}
 *     S-> id:…18,ended data:{"type":"closed","channel":"tea","nextOffset":"…4"}
 *     C-> GET …        Last-Event-ID: …18,ended           the connection was cut
 *
 * @see HTML standard §9.2
 */
export const streamsOverSse: StreamsTransport = {
  way: 'sse',

  async open(station, exchange, { streams, withOffsets }) {
    if (streams.every(({ start }) => start === undefined)) {
      exchange.respond(nothingFollows)
      return
    }
    await withPlaces(station, exchange, streams, (outcomes) => {
      const sink = exchange.stream(200, eventStreamHeaders)
      const hearing = new Hearing(station, exchange, sink, { outcomes, withOffsets })
      hearing.begin()
      // Last: for a client that is gone already, this calls back at once.
      exchange.onGone(() => hearing.stop())
    })
  },
}

/** One reader of several channels, on one response. */
class Hearing {
  readonly #exchange: Exchange
  readonly #sink: StreamSink
  readonly #stream: EventStream
  readonly #outcomes: readonly Outcome[]
  readonly #form: WireForm<readonly Part[]>
  /** Where the reader is, as its next `id:` says. */
  readonly #vector: string[]
  readonly #subscribers: Subscriber<readonly Part[]>[]
  #openCount: number

  constructor(
    station: Station,
    exchange: Exchange,
    sink: StreamSink,
    { outcomes, withOffsets }: { readonly outcomes: readonly Outcome[]; readonly withOffsets: boolean },
  ) {
    this.#exchange = exchange
    this.#sink = sink
    this.#stream = new EventStream(station, sink, () => formatVector(this.#vector))
    this.#outcomes = outcomes
    this.#form = withOffsets ? eventParts.withOffsets : eventParts.plain
    this.#vector = outcomes.map((outcome) =>
      isPlace(outcome) ? outcome.channel.offsetAt(outcome.position) : endedPlace,
    )
    // Together they hold no more than one of them would.
    const turns = new Turns()
    this.#subscribers = outcomes.flatMap((outcome, index) =>
      isPlace(outcome) ? [this.#subscriber(station, outcome, index, turns)] : [],
    )
    this.#openCount = this.#subscribers.length
  }

  begin(): void {
    const troubles = this.#outcomes.filter((outcome) => outcome.kind === 'trouble')
    // The place stands behind all troubles: who is cut between them is told again.
    this.#stream.begin([...troubles.map(troubleEvent), Buffer.from(`${this.#idLine()}\n`)])
    if (this.#openCount === 0) this.#stream.end()
    for (const subscriber of this.#subscribers) subscriber.start()
  }

  stop(): void {
    for (const subscriber of this.#subscribers) subscriber.stop()
    this.#stream.stop()
  }

  /** An event of one channel, with where the reader is after it. */
  tell(index: number, { bytes, place }: Part): void {
    if (place !== undefined) {
      this.#vector[index] = place
      this.#sink.push(Buffer.from(this.#idLine()))
    }
    this.#sink.push(bytes)
  }

  #subscriber(station: Station, { channel, position }: Place, index: number, turns: Turns) {
    return new Subscriber({
      log: station.log,
      hub: station.hub,
      channel,
      position,
      sink: new ChannelSink(this.#sink, (part) => this.tell(index, part)),
      form: this.#form,
      turns,
      owner: {
        pushed: (bytes) => this.#exchange.countPayload(bytes),
        ended: (end) => this.#ended(index, channel.name, end),
      },
    })
  }

  #ended(index: number, name: string, end: End): void {
    // `closed` went out with the last batch: it is the same for all who hear it.
    if (end.why === 'removed') {
      this.tell(index, {
        bytes: eventOf([envelopeOf({ type: 'deleted', channel: name })]),
        place: endedPlace,
      })
    }
    if (end.why === 'failed') {
      const problem = this.#exchange.problemOf(end.error)
      this.tell(index, { bytes: troubleEvent({ name, problem }), place: endedPlace })
    }
    this.#openCount--
    if (this.#openCount === 0) this.#stream.end()
    else this.#sink.flush()
  }

  #idLine(): string {
    return `id:${formatVector(this.#vector)}\n`
  }
}

function troubleEvent({ name, problem }: Pick<Trouble, 'name' | 'problem'>): Uint8Array {
  return eventOf([envelopeOf(errorEnvelope(problem, { channel: name }))])
}

/** One channel's end of a response that carries several: as backed up as the response is. */
class ChannelSink implements Sink<readonly Part[]> {
  isTouched = false
  readonly #response: Sink
  readonly #tell: (part: Part) => void

  constructor(response: Sink, tell: (part: Part) => void) {
    this.#response = response
    this.#tell = tell
  }

  push(parts: readonly Part[]): void {
    for (const part of parts) this.#tell(part)
  }

  flush(): void {
    this.#response.flush()
  }

  get isBackedUp(): boolean {
    return this.#response.isBackedUp
  }

  get isGone(): boolean {
    return this.#response.isGone
  }

  drained(): Promise<void> {
    return this.#response.drained()
  }

  get hasUntaken(): boolean {
    return this.#response.hasUntaken
  }

  taken(): Promise<void> {
    return this.#response.taken()
  }
}
