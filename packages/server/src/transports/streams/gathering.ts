import { createHash } from 'node:crypto'
import { type Batch, type Channel, messageBytesOf } from '../../log/index.js'
import { entityTag, maxAnswerBytes } from '../body-form.js'
import { envelopeOf, envelopeParts, errorEnvelope, offsetBytes, placeEnvelope } from '../envelope-text.js'
import type { Answer, Exchange } from '../exchange.js'
import type { Station } from '../transport.js'
import { bareParts } from './part-forms.js'
import { isKnown, isPlace, isRelative, type Outcome, type Place } from './places.js'

/** What an answer tells of several channels. */
export interface Gathered {
  readonly envelopes: readonly Uint8Array[]
  readonly payloadBytes: number
  /** Changes when any of the channels has news; undefined when the answer is of this moment only. */
  readonly etag: string | undefined
}

/** How much one channel may take of an answer, bytes on the wire, and how its messages are told. */
interface Form {
  readonly maxBytes: number
  readonly withOffsets: boolean
}

interface Told extends Omit<Gathered, 'etag'> {
  readonly wireBytes: number
  readonly tag: string | undefined
}

/** Payload bytes of one read: batches of one small message each take much more on the wire. */
const readBytes = 16 * 1024
/** What an envelope has beside its channel's name and its messages, bytes. */
const envelopeBytes = 150

/**
 * What there is to tell at once, at most about `maxAnswerBytes` of envelopes. What is left of them is shared
 * evenly among the channels that have not been read; and since the first ones may use it up with a large
 * message each, it is another channel's turn to be first each time, so that none waits for ever.
 */
export async function gather(
  { log }: Station,
  exchange: Exchange,
  outcomes: readonly Outcome[],
  withOffsets: boolean,
): Promise<Gathered> {
  const told = new Array<Told>(outcomes.length)
  let bytesLeft = maxAnswerBytes
  let unread = outcomes.filter(isBehind).length
  for (const index of turnsFrom(Math.floor(Math.random() * outcomes.length), outcomes.length)) {
    const outcome = outcomes[index] as Outcome
    const maxBytes = isBehind(outcome) ? Math.floor(bytesLeft / unread--) : 0
    const news = await tell(log, exchange, outcome, { maxBytes, withOffsets })
    bytesLeft -= news.wireBytes
    told[index] = news
  }
  const tags = told.map(({ tag }) => tag)
  return {
    envelopes: told.flatMap(({ envelopes }) => envelopes),
    payloadBytes: told.reduce((bytes, { payloadBytes }) => bytes + payloadBytes, 0),
    etag: tags.includes(undefined) ? undefined : hashOf(`${withOffsets ? 'offsets,' : ''}${tags.join()}`),
  }
}

function isBehind(outcome: Outcome): boolean {
  return isPlace(outcome) && outcome.position < outcome.channel.keptTail
}

function* turnsFrom(first: number, count: number): Generator<number> {
  for (let turn = 0; turn < count; turn++) yield (first + turn) % count
}

async function tell(log: Station['log'], exchange: Exchange, outcome: Outcome, form: Form): Promise<Told> {
  if (outcome.kind === 'ended') return { envelopes: [], payloadBytes: 0, wireBytes: 0, tag: '' }
  if (outcome.kind === 'trouble') {
    const { problem, name } = outcome
    return atOnce([envelopeOf(errorEnvelope(problem, { channel: name }))])
  }
  const { channel } = outcome
  if (channel.isGone) return atOnce([envelopeOf({ type: 'deleted', channel: channel.name })])
  try {
    return await tellPlace(log, outcome, form)
  } catch (error) {
    const problem = exchange.problemOf(error)
    return atOnce([envelopeOf(errorEnvelope(problem, { channel: channel.name }))])
  }
}

async function tellPlace(log: Station['log'], place: Place, form: Form): Promise<Told> {
  const { channel, position } = place
  const batches = await readWithin(log, place, form)
  const end = batches.at(-1)?.end ?? position
  const isUpToDate = end >= channel.keptTail
  const state = { isUpToDate, isClosed: isUpToDate && channel.keptClosed }
  const parts = form.withOffsets ? bareParts.withOffsets : bareParts.plain
  const envelopes = parts.encode(batches, { channel, ...state }).map(({ bytes }) => bytes)
  // Who has a place that is up to date knows all; who is left out this time must know that there is more.
  if (envelopes.length === 0 && !(isUpToDate && isKnown(place))) {
    envelopes.push(placeEnvelopeAt(channel, end, isUpToDate))
  }
  return {
    envelopes,
    payloadBytes: messageBytesOf(batches),
    wireBytes: wireBytesOf(channel, batches, form),
    tag: isRelative(place) ? undefined : entityTag(channel, { start: position, end }, state),
  }
}

/** At least one batch, if there is any and `maxBytes` is not 0; more as long as their envelopes stay below it. */
async function readWithin(
  log: Station['log'],
  { channel, position }: Place,
  { maxBytes, withOffsets }: Form,
): Promise<Batch[]> {
  const found: Batch[] = []
  let at = position
  let bytes = 0
  while (bytes < maxBytes && at < channel.keptTail) {
    const page = await log.reader.read(channel, at, Math.min(readBytes, maxBytes))
    for (const batch of envelopeParts(page, withOffsets)) {
      bytes += wireBytesOf(channel, [batch], { withOffsets })
      if (found.length > 0 && bytes > maxBytes) return found
      found.push(batch)
      at = batch.end
    }
  }
  return found
}

/** An estimate: what text escapes is not looked for. */
function wireBytesOf(
  { kind, name }: Channel,
  batches: readonly Batch[],
  { withOffsets }: Pick<Form, 'withOffsets'>,
): number {
  const growth = kind === 'binary' ? 4 / 3 : 1
  const perMessage = withOffsets ? offsetBytes : 0
  return batches.reduce(
    (bytes, { payload, messageCount }) =>
      bytes + payload.byteLength * growth + messageCount * perMessage + name.length + envelopeBytes,
    0,
  )
}

function placeEnvelopeAt(channel: Channel, position: number, upToDate: boolean): Uint8Array {
  return placeEnvelope(channel, { nextOffset: channel.offsetAt(position), upToDate })
}

function atOnce(envelopes: readonly Uint8Array[]): Told {
  return { envelopes, payloadBytes: 0, wireBytes: 0, tag: undefined }
}

/** Where the readers are that do not know it; all of them are up to date. */
export function unknownPlaces(outcomes: readonly Outcome[]): Uint8Array[] {
  return outcomes
    .filter(isPlace)
    .filter((place) => !isKnown(place))
    .map(({ channel, position }) => placeEnvelopeAt(channel, position, true))
}

function hashOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url')}"`
}

const bracketOpen = Buffer.from('[')
const comma = Buffer.from(',')
const bracketClose = Buffer.from(']')

/** Envelopes as a JSON array. */
export function envelopesAnswer(
  envelopes: readonly Uint8Array[],
  payloadBytes: number,
  caching: Answer['headers'],
): Answer {
  const parts = envelopes.flatMap((envelope, index) => (index === 0 ? [envelope] : [comma, envelope]))
  return {
    status: 200,
    headers: { 'content-type': 'application/json', ...caching },
    body: Buffer.concat([bracketOpen, ...parts, bracketClose]),
    payloadBytes,
  }
}
