/**
 * Offsets: `<history>_<position>`, two 16-digit decimals, so that they sort as strings and mean the same on
 * every way, on every node and after every restart.
 *
 * The position counts messages in a JSON channel and bytes in the others, from 0, without gaps. A history is
 * what an engine mints when a channel is created, or when data that was heard may be gone.
 *
 * @see Durable Streams §8
 */
export interface Offset {
  readonly history: number
  readonly position: number
}

/** An offset as it may be written: a position that was told, the beginning, or the tail as it is now. */
export type WrittenOffset =
  | { readonly at: 'beginning' }
  | { readonly at: 'now' }
  | ({ readonly at: 'offset' } & Offset)

/** Where a reader may ask to start: at an offset, at the last messages, or at what was kept since a time. */
export type OffsetRequest =
  | WrittenOffset
  | { readonly at: 'last'; readonly count: number }
  | { readonly at: 'since'; readonly timeMs: number }

export const beginning = '-1'
export const now = 'now'

/** The other spelling of `-1`: sorts before every offset that was ever minted. */
export const zeroOffset = '0000000000000000_0000000000000000'

const digits = 16
const pattern = /^(\d{16})_(\d{16})$/

export function formatOffset(history: number, position: number): string {
  return `${String(history).padStart(digits, '0')}_${String(position).padStart(digits, '0')}`
}

/**
 * @returns what is asked for, or undefined when `text` is no offset at all (the caller answers 400
 * `offset-malformed`)
 */
export function parseOffset(text: string): WrittenOffset | undefined {
  if (text === beginning || text === zeroOffset) return { at: 'beginning' }
  if (text === now) return { at: 'now' }
  const match = pattern.exec(text)
  if (!match) return undefined
  const history = Number(match[1])
  const position = Number(match[2])
  // 16 digits reach past 2^53, where a number would no longer say exactly what was asked for.
  if (!Number.isSafeInteger(history) || !Number.isSafeInteger(position)) return undefined
  return { at: 'offset', history, position }
}
