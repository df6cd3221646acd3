import type { ByteString } from '@tidings/protocol'
import type { WirePart } from './types.js'

/** A sentence and its source, for bytes that are still to be named. */
export interface Meaning {
  readonly meaning: string
  readonly source: string
}

export function part(name: string, bytes: ByteString, meaning: string, source: string): WirePart {
  return { name, bytes, meaning, source }
}

export function unreadable(bytes: ByteString, why: string): WirePart {
  return part('unreadable', bytes, why, '')
}

export function countOf(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

/** Longest text that a sentence quotes, characters. */
const longestQuote = 400

export function quote(text: string): string {
  return text.length <= longestQuote ? text : `${text.slice(0, longestQuote)} …`
}
