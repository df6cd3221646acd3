import type { ByteString } from '@tidings/protocol'

/** How many bytes of a part are shown at most: a body of 16 KiB would push all else out of sight. */
export const longestShownBytes = 600

const bytesPerHexLine = 16

/** A part's bytes, to be read: as text where they are text, otherwise as hexadecimal pairs. */
export interface ShownBytes {
  readonly text: string
  readonly isHex: boolean
  readonly leftOut: number
}

export function showBytes(bytes: ByteString): ShownBytes {
  const shown = bytes.slice(0, longestShownBytes)
  const leftOut = bytes.length - shown.length
  const text = decodeText(shown, leftOut > 0)
  return text === undefined
    ? { text: formatHex(shown), isHex: true, leftOut }
    : { text: markLineEnds(text), isHex: false, leftOut }
}

/** Line ends are bytes, too: what ends a head is told from what ends a line by seeing them. */
function markLineEnds(text: string): string {
  return text.replace(/\r/g, '␍').replace(/\n/g, '␊\n').replace(/\t/g, '␉')
}

/** How a mark is written; few fonts have the marks themselves. */
export const written: Readonly<Record<string, string>> = { '␍': '\\r', '␊': '\\n', '␉': '\\t' }

/** @returns undefined for what is no UTF-8, or holds control characters */
function decodeText(bytes: ByteString, isCut: boolean): string | undefined {
  const units = Uint8Array.from(bytes, (byte) => byte.charCodeAt(0))
  // What was cut may end within a character: up to three bytes of it are let go of.
  for (let cut = 0; cut <= (isCut ? 3 : 0); cut += 1) {
    const text = decodeUtf8(units.subarray(0, units.length - cut))
    if (text !== undefined) return /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(text) ? undefined : text
  }
  return undefined
}

function decodeUtf8(units: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(units)
  } catch {
    return undefined
  }
}

function formatHex(bytes: ByteString): string {
  const pairs = Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0'))
  const lines: string[] = []
  for (let start = 0; start < pairs.length; start += bytesPerHexLine)
    lines.push(pairs.slice(start, start + bytesPerHexLine).join(' '))
  return lines.join('\n')
}
