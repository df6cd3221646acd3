import type { Delivery, Listener } from '../../hub/index.js'
import { maxAnswerBytes } from '../body-form.js'
import { envelopeOf } from '../envelope-text.js'
import type { Exchange } from '../exchange.js'
import type { Station } from '../transport.js'
import { envelopesAnswer, gather, unknownPlaces } from './gathering.js'
import { bareParts } from './part-forms.js'
import { isKnown, isPlace, type Outcome, type Place, withPlaces } from './places.js'
import type { StreamsReading, StreamsTransport } from './streams-transport.js'

/**
 * Long polling of several channels: one request is held until any of them has news, an end or trouble to tell,
 * or the hold time is over.
 *
 *     C-> GET /v1/streams?stream=cake@…17&stream=tea@…4&live=long-poll
 *         … held …
 *     S-> 200 [{"type":"data","channel":"cake",…,"nextOffset":"…18",…}]
 *     C-> GET /v1/streams?stream=cake@…18&stream=tea@…4&live=long-poll
 *         … held for `holdMs` …
 *     S-> 204                              nothing new: ask again
 *
 * @see RFC 6202 §2
 */
export const streamsByLongPoll: StreamsTransport = {
  way: 'long-poll',

  async open(station, exchange, reading) {
    await withPlaces(station, exchange, reading.streams, async (outcomes) => {
      // To the end of this turn nothing can be kept between the look at the tails and `begin`.
      if (outcomes.some(hasNews)) await answerFromLog(station, exchange, outcomes, reading)
      else new Hold(station, exchange, outcomes.filter(isPlace), reading).begin()
    })
  },
}

const caching = { 'cache-control': 'no-store' }

type Asked = Pick<StreamsReading, 'holdMs' | 'withOffsets'>

function hasNews(outcome: Outcome): boolean {
  if (outcome.kind !== 'place') return outcome.kind === 'trouble'
  const { channel, position } = outcome
  // While the others were looked up, it may have gone: nobody would tell its listeners.
  return position < channel.keptTail || channel.keptClosed || channel.isGone
}

async function answerFromLog(
  station: Station,
  exchange: Exchange,
  outcomes: readonly Outcome[],
  { withOffsets }: Asked,
): Promise<void> {
  const { envelopes, payloadBytes } = await gather(station, exchange, outcomes, withOffsets)
  exchange.respond(envelopesAnswer(envelopes, payloadBytes, caching))
}

/** One held request, and its listeners at the tails of its channels. */
class Hold {
  isTouched = false
  readonly #station: Station
  readonly #exchange: Exchange
  readonly #places: readonly Place[]
  readonly #asked: Asked
  readonly #listeners = new Map<Place, Listener>()
  readonly #news = new Map<Place, Uint8Array[]>()
  #payloadBytes = 0
  #wireBytes = 0
  #isOver = false
  #timer: NodeJS.Timeout | undefined

  constructor(station: Station, exchange: Exchange, places: readonly Place[], asked: Asked) {
    this.#station = station
    this.#exchange = exchange
    this.#places = places
    this.#asked = asked
  }

  begin(): void {
    this.#exchange.checkMayBegin()
    const { hub, holds } = this.#station
    this.#timer = setTimeout(this.#giveUp, this.#asked.holdMs)
    holds.add(this.#giveUp)
    for (const place of this.#places) {
      const listener = this.#listener(place)
      this.#listeners.set(place, listener)
      hub.join(place.channel, listener)
    }
    this.#exchange.onGone(() => this.#release())
  }

  #listener(place: Place): Listener {
    return {
      position: place.position,
      hear: (delivery) => this.#hear(place, delivery),
      removed: () => {
        this.#tell(place, [envelopeOf({ type: 'deleted', channel: place.channel.name })])
        queueMicrotask(() => this.flush())
      },
    }
  }

  #hear(place: Place, delivery: Delivery): void {
    this.#payloadBytes += delivery.payloadBytes
    const form = this.#asked.withOffsets ? bareParts.withOffsets : bareParts.plain
    const envelopes = delivery.encoded(form).map(({ bytes }) => bytes)
    for (const { byteLength } of envelopes) this.#wireBytes += byteLength
    this.#tell(place, envelopes)
    // An answer is a write like another: in its turn, of which thousands leave room for others.
    delivery.touched.add(this)
  }

  #tell(place: Place, envelopes: readonly Uint8Array[]): void {
    this.#news.set(place, [...(this.#news.get(place) ?? []), ...envelopes])
  }

  /** Answers: the commit may have brought news to several of these channels. */
  flush(): void {
    if (this.#isOver) return
    this.#release()
    if (this.#wireBytes > maxAnswerBytes) {
      this.#answerFromLog().catch((error: unknown) => this.#exchange.fail(error))
      return
    }
    const untold = this.#places.filter((place) => !this.#news.has(place))
    const envelopes = [...[...this.#news.values()].flat(), ...unknownPlaces(untold)]
    this.#exchange.respond(envelopesAnswer(envelopes, this.#payloadBytes, caching))
  }

  /** The commit brought more than fits an answer. */
  async #answerFromLog(): Promise<void> {
    for (const { channel } of this.#places) channel.pin()
    try {
      await answerFromLog(this.#station, this.#exchange, this.#places, this.#asked)
    } finally {
      for (const { channel } of this.#places) channel.unpin()
    }
  }

  /** The hold time is over. */
  readonly #giveUp = (): void => {
    this.#release()
    if (this.#places.every(isKnown)) {
      this.#exchange.respond({ status: 204, headers: caching, payloadBytes: 0 })
    } else this.#exchange.respond(envelopesAnswer(unknownPlaces(this.#places), 0, caching))
  }

  #release(): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#station.holds.delete(this.#giveUp)
    for (const [place, listener] of this.#listeners) this.#station.hub.leave(place.channel, listener)
  }
}
