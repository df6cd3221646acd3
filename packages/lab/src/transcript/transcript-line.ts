import { serverTimeMs } from '../diagram/server-order.js'
import type { Arrow, ConnectionRecord, ExchangeRecord } from '../record/types.js'

export interface TranscriptLine {
  /** Since the transcript's beginning, by the server's clock. */
  readonly atMs: number
  readonly from: 'client' | 'server'
  readonly text: string
}

const waitsOfWays = {
  'short-poll': '',
  'long-poll': 'long poll',
  sse: 'event stream',
  websocket: '',
} as const

/** `GET offset=-1 (long poll, connection :40312)`, `204 nothing new`, `event data` */
export function lineOfArrow(
  arrow: Arrow,
  exchange: ExchangeRecord | undefined,
  connection: ConnectionRecord | undefined,
  startMs: number,
): TranscriptLine {
  const label = oneLine(arrow.label)
  const line = { atMs: serverTimeMs(arrow) - startMs, from: arrow.from }
  if (arrow.kind === 'request') {
    const details = [
      exchange?.purpose === 'hear' && waitsOfWays[arrow.lane],
      connection && `${exchange?.isReused ? 'same connection' : 'connection'} :${connection.port}`,
    ].filter(Boolean)
    return { ...line, text: details.length === 0 ? label : `${label} (${details.join(', ')})` }
  }
  const isBareStatus = /^\d{3}$/.test(label)
  const hearsNothing = arrow.isEmpty && isBareStatus && exchange?.purpose !== 'speak'
  return { ...line, text: hearsNothing ? `${label} nothing new` : label }
}

/** undefined while it is open */
export function lineOfClosing(connection: ConnectionRecord, startMs: number): TranscriptLine | undefined {
  const { closedAtMs, closedBy, port } = connection
  if (closedAtMs === undefined) return undefined
  return { atMs: closedAtMs - startMs, from: closedBy ?? 'server', text: `(closes connection :${port})` }
}

/** Labels come from the wire: nothing in them may begin a line of its own. */
function oneLine(text: string): string {
  return text.replace(/[\x00-\x1f\x7f]+/g, '·')
}
