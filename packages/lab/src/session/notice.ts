import { type LabNotice, type LineEvent, type ReaderCounts, type TraceEvent, ways } from '@tidings/protocol'

/** Whether a field's value is what its type says. */
type Check = (value: unknown) => boolean
/** A check for each field that must be there, or may be; others are passed over: a later server may tell more. */
type Shape<T> = { readonly [Name in keyof T]-?: Check }
type AnyShape = Readonly<Record<string, Check>>

const isText: Check = (value) => typeof value === 'string'
const isFlag: Check = (value) => typeof value === 'boolean'
const isNumber: Check = (value) => Number.isFinite(value)
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0
const isWayName: Check = (value) => (ways as readonly unknown[]).includes(value)
const isOneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    values.includes(value as string)
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)

const traced = {
  kind: isText,
  exchange: isCount,
  lane: isWayName,
  atMs: isNumber,
  bytes: isText,
  byteLength: isCount,
}

type EventOf<Kind extends TraceEvent['kind']> = Extract<TraceEvent, { kind: Kind }>
const traceShapes: { readonly [Kind in TraceEvent['kind']]: Shape<EventOf<Kind>> } = {
  opened: { kind: isText, connection: isCount, lane: isWayName, atMs: isNumber, port: isCount },
  request: { ...traced, connection: isCount, isReused: isFlag, ask: isCount },
  up: traced,
  down: traced,
  ended: { kind: isText, exchange: isCount, lane: isWayName, atMs: isNumber },
  closed: {
    kind: isText,
    connection: isCount,
    lane: isWayName,
    atMs: isNumber,
    by: isOneOf('client', 'server'),
  },
}

const readerShape: Shape<Required<ReaderCounts>> = {
  connected: isCount,
  messages: isCount,
  lost: isCount,
  twice: isCount,
  outOfOrder: isCount,
  delayP50Ms: maybe(isNumber),
  delayP99Ms: maybe(isNumber),
}

const lineShape: Shape<LineEvent> = {
  atMs: isNumber,
  what: isOneOf('cut', 'refused-upgrade', 'held-upgrade', 'refused-offline', 'buffered'),
  reader: isText,
}

type NoticeOf<Type extends LabNotice['type']> = Extract<LabNotice, { type: Type }>
const noticeShapes: { readonly [Type in LabNotice['type']]: Shape<NoticeOf<Type>> } = {
  run: { type: isText, channel: isText, line: isText, longPollMs: isNumber },
  trace: {
    type: isText,
    events: (value) => Array.isArray(value) && value.every(isTraceEvent),
    missed: maybe(isCount),
  },
  clock: { type: isText, askedAtMs: isNumber, atMs: isNumber },
  readers: { type: isText, ways: isReadersOfWays },
  line: { type: isText, event: (value) => hasShape(value, lineShape) },
  refused: { type: isText, code: isText, detail: isText },
}

/** What the server said is no notice of this page's; the message tells what is wrong with it. */
export class NoticeInvalid extends Error {
  override readonly name = 'NoticeInvalid'
  readonly code = 'notice-invalid'
}

/**
 * Reads a frame of the run's WebSocket. What it holds is checked field by field: the page draws it, and reckons by it.
 *
 * @throws NoticeInvalid
 */
export function parseNotice(frame: unknown): LabNotice {
  if (typeof frame !== 'string') throw new NoticeInvalid('A notice is a text frame.')
  const notice = objectOf(frame)
  const { type } = notice
  if (!isKey(type, noticeShapes)) throw new NoticeInvalid(`${JSON.stringify(type)} is no kind of notice.`)
  const wrong = wrongField(notice, noticeShapes[type])
  if (wrong !== undefined)
    throw new NoticeInvalid(`"${wrong}" of a notice "${type}" is missing, or not what it should be.`)
  return notice as LabNotice
}

function objectOf(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new NoticeInvalid('A notice is JSON.', { cause })
  }
  if (isObject(value)) return value
  throw new NoticeInvalid('A notice is a JSON object.')
}

function isTraceEvent(value: unknown): boolean {
  return isObject(value) && isKey(value.kind, traceShapes) && hasShape(value, traceShapes[value.kind])
}

function isReadersOfWays(value: unknown): boolean {
  return isObject(value) && ways.every((way) => hasShape(value[way], readerShape))
}

function hasShape(value: unknown, shape: AnyShape): boolean {
  return isObject(value) && wrongField(value, shape) === undefined
}

function wrongField(fields: Record<string, unknown>, shape: AnyShape): string | undefined {
  for (const name in shape) if (!shape[name]?.(fields[name])) return name
  return undefined
}

function isKey<T extends object>(name: unknown, table: T): name is keyof T & string {
  return typeof name === 'string' && Object.hasOwn(table, name)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
