import type { RawAnswer } from './client.js'
import { type HeardEvents, heardEvents } from './event-text.js'
import type { KnownChannel } from './world.js'

/** What one server answered, as far as the protocol speaks of it. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** Of an event stream. */
  readonly events?: HeardEvents
  /** Answers it took to reach the tail. */
  readonly parts: number
}

/** One way in which two answers differ. */
export interface Difference {
  /** `status`, `body`, `events`, a header's name, or `control.` and a field. */
  readonly aspect: string
  readonly here: string
  readonly reference: string
}

const absent = '(absent)'

/** Compared by what they say. */
const valueHeaders = [
  'content-type',
  'stream-up-to-date',
  'stream-closed',
  'stream-ttl',
  'stream-expires-at',
  'stream-sse-data-encoding',
  'producer-epoch',
  'producer-seq',
  'producer-expected-seq',
  'producer-received-seq',
  'cache-control',
  'x-content-type-options',
  'cross-origin-resource-policy',
]
/** Compared by whether they are there: what they say is each server's own. */
const presentHeaders = ['etag', 'stream-cursor', 'location']

export function answerOf(raw: RawAnswer, kind: KnownChannel['kind'], parts = 1): Answer {
  const headers = Object.fromEntries(
    Object.entries(raw.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )
  const isStream = headers['content-type'] === 'text/event-stream'
  return {
    status: raw.status,
    headers,
    body: raw.body,
    parts,
    ...(isStream && { events: heardEvents(raw.body, kind) }),
  }
}

/** @param meet says whether two offsets may be those of one position */
export function compare(
  here: Answer,
  reference: Answer,
  meet: (told: { here: string; reference: string }) => boolean,
): Difference[] {
  if (here.status !== reference.status) {
    return [{ aspect: 'status', here: String(here.status), reference: String(reference.status) }]
  }
  return [
    ...compareHeaders(here, reference),
    ...compareOffsets(
      'stream-next-offset',
      here.headers['stream-next-offset'],
      reference.headers['stream-next-offset'],
      meet,
    ),
    ...(here.events && reference.events
      ? compareEvents(here.events, reference.events, meet)
      : compareBodies(here, reference)),
  ]
}

function compareHeaders(here: Answer, reference: Answer): Difference[] {
  return [
    ...valueHeaders.map((name) => ({
      aspect: name,
      here: here.headers[name] ?? absent,
      reference: reference.headers[name] ?? absent,
    })),
    ...presentHeaders.map((name) => ({
      aspect: name,
      here: name in here.headers ? 'present' : absent,
      reference: name in reference.headers ? 'present' : absent,
    })),
  ].filter((each) => each.here !== each.reference)
}

function compareOffsets(
  aspect: string,
  here: string | undefined,
  reference: string | undefined,
  meet: (told: { here: string; reference: string }) => boolean,
): Difference[] {
  if (here === undefined && reference === undefined) return []
  if (here !== undefined && reference !== undefined && meet({ here, reference })) return []
  return [{ aspect, here: here ?? absent, reference: reference ?? absent }]
}

function compareBodies(here: Answer, reference: Answer): Difference[] {
  const differences: Difference[] = []
  if (here.parts !== reference.parts)
    differences.push({ aspect: 'parts', here: String(here.parts), reference: String(reference.parts) })
  if (!here.body.equals(reference.body))
    differences.push({ aspect: 'body', here: here.body.toString(), reference: reference.body.toString() })
  return differences
}

function compareEvents(
  here: HeardEvents,
  reference: HeardEvents,
  meet: (told: { here: string; reference: string }) => boolean,
): Difference[] {
  const differences: Difference[] = []
  if (!here.data.equals(reference.data))
    differences.push({ aspect: 'events', here: here.data.toString(), reference: reference.data.toString() })
  const field = (events: HeardEvents, name: string) => events.control?.[name]
  for (const [name, shown] of [
    ['upToDate', (value: unknown) => String(value ?? absent)],
    ['streamClosed', (value: unknown) => String(value ?? absent)],
    ['streamCursor', (value: unknown) => (value === undefined ? absent : 'present')],
  ] as const) {
    const values = { here: shown(field(here, name)), reference: shown(field(reference, name)) }
    if (values.here !== values.reference) differences.push({ aspect: `control.${name}`, ...values })
  }
  const [ours, theirs] = [field(here, 'streamNextOffset'), field(reference, 'streamNextOffset')]
  return [
    ...differences,
    ...compareOffsets(
      'control.streamNextOffset',
      ours as string | undefined,
      theirs as string | undefined,
      meet,
    ),
  ]
}
