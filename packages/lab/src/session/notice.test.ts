import type { LabNotice } from '@tidings/protocol'
import { expect, test } from 'vitest'
import { NoticeInvalid, parseNotice } from './notice.js'

const counts = { connected: 1, messages: 2, lost: 0, twice: 0, outOfOrder: 0 }
const traced = { exchange: 1, lane: 'sse', atMs: 1.5, bytes: 'GET', byteLength: 3 } as const

const good: LabNotice[] = [
  { type: 'run', channel: 'lab/1', line: '/lab/line/1/', longPollMs: 25_000 },
  { type: 'clock', askedAtMs: 1.25, atMs: 2 },
  { type: 'refused', code: 'envelope-invalid', detail: 'No.' },
  { type: 'line', event: { atMs: 1, what: 'cut', reader: 'hopper' } },
  {
    type: 'readers',
    ways: {
      'short-poll': counts,
      'long-poll': counts,
      sse: { ...counts, delayP50Ms: 1.5, delayP99Ms: 9 },
      websocket: counts,
    },
  },
  {
    type: 'trace',
    events: [
      { kind: 'opened', connection: 1, lane: 'sse', atMs: 1, port: 50_000 },
      { kind: 'request', ...traced, connection: 1, isReused: false, ask: 12 },
      { kind: 'up', ...traced },
      { kind: 'down', ...traced },
      { kind: 'ended', exchange: 1, lane: 'sse', atMs: 3 },
      { kind: 'closed', connection: 1, lane: 'sse', atMs: 4, by: 'client' },
    ],
  },
  { type: 'trace', events: [], missed: 3 },
]

test.each(good)('a notice "$type" is read as it was written', (notice) => {
  expect(parseNotice(JSON.stringify(notice))).toEqual(notice)
})

test('what a later server tells beside it is passed over', () => {
  const notice = { type: 'refused', code: 'c', detail: 'd', retryAfterMs: 5 }
  expect(parseNotice(JSON.stringify(notice))).toMatchObject({ code: 'c', detail: 'd' })
})

test.each([
  [new Uint8Array(3), 'A notice is a text frame.'],
  ['{"type":"run"', 'A notice is JSON.'],
  ['null', 'A notice is a JSON object.'],
  ['[]', 'A notice is a JSON object.'],
  ['{}', 'undefined is no kind of notice.'],
  ['{"type":"weather"}', '"weather" is no kind of notice.'],
  ['{"type":"constructor"}', '"constructor" is no kind of notice.'],
])('%j is refused: %s', (frame, reason) => {
  expect(() => parseNotice(frame)).toThrow(new NoticeInvalid(reason))
})

test.each(good)(
  'a notice "$type" of which any part is missing or of another type is refused, and told which',
  (notice) => {
    for (const path of pathsOf(notice)) {
      // Absent in an honest notice, too.
      const isOptional = /delayP|missed/.test(path.join())
      const field = path[0] as string
      for (const wrong of [undefined, null, {}, 'x', -1, true]) {
        if (isOptional && wrong === undefined) continue
        const broken = structuredClone(notice) as unknown as Record<string, unknown>
        if (typeof wrong === typeof put(broken, path, wrong)) continue
        expect(
          () => parseNotice(JSON.stringify(broken)),
          `${path.join('.')} = ${JSON.stringify(wrong)}`,
        ).toThrow(field === 'type' ? /kind of notice/ : new RegExp(`"${field}"`))
      }
    }
  },
)

/** Where the notice's texts, numbers and flags stand. */
function pathsOf(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [[]]
  return Object.entries(value).flatMap(([name, part]) => pathsOf(part).map((path) => [name, ...path]))
}

/** @returns what was there before */
function put(target: Record<string, unknown>, path: readonly string[], value: unknown): unknown {
  const [name, ...rest] = path as [string, ...string[]]
  if (rest.length > 0) return put(target[name] as Record<string, unknown>, rest, value)
  const before = target[name]
  target[name] = value
  return before
}
