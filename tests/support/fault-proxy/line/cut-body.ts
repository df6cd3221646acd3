import type { BodyCut } from '../faults.js'
import type { LineFault } from './line-fault.js'

/** Where a piece is cut: so many of its bytes still arrive. */
const places: Readonly<Record<BodyCut, (bytes: Buffer) => number | undefined>> = {
  middle(bytes) {
    const head = endOfHead(bytes)
    return bytes.length - head < 2 ? undefined : head + ((bytes.length - head) >> 1)
  },
  // The frames of chunked bodies have them.
  'between-cr-and-lf'(bytes) {
    const place = bytes.indexOf('\r\n', endOfHead(bytes), 'latin1')
    return place === -1 ? undefined : place + 1
  },
  'inside-character'(bytes) {
    const place = bytes.findIndex((byte, index) => byte >= 0xc2 && isContinuation(bytes[index + 1]))
    return place === -1 ? undefined : place + 1
  },
}

export const cutBody: LineFault = {
  take(passing, { direction }, { cutBody }) {
    if (!cutBody || direction === 'up') return [passing]
    const place = places[cutBody](passing.bytes)
    return place === undefined
      ? [passing]
      : [{ ...passing, bytes: passing.bytes.subarray(0, place), isLast: true }]
  },
}

/** 0 for a piece that has no head. */
function endOfHead(bytes: Buffer): number {
  if (!bytes.subarray(0, 5).equals(Buffer.from('HTTP/'))) return 0
  const end = bytes.indexOf('\r\n\r\n', 0, 'latin1')
  return end === -1 ? bytes.length : end + 4
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x80 && byte < 0xc0
}
