import { answerMalformed, type ProblemError } from '../problem-error.js'
import type { Encoded } from './encode.js'
import type { Answer, Unit } from './outbox.js'

/** What goes in one request or envelope. Its number is its place among a publisher's. */
export interface Append {
  readonly units: readonly Unit[]
  readonly messages: readonly Encoded[]
  readonly close: boolean
  readonly order: number
  /** Of its latest sending: an answer to another says nothing any more. */
  id?: unknown
  /** Acted upon when it is the first: those behind an append that was refused are refused for want of it. */
  answer?: Answer | undefined
}

export function appendOf(units: readonly Unit[], order: number): Append {
  const messages = units.flatMap(({ messages }) => messages)
  return { units, messages, close: units.some(({ close }) => close), order }
}

export function answerOf(nextOffset: unknown, duplicate: boolean): Answer {
  if (typeof nextOffset === 'string') return { nextOffset, duplicate }
  return { error: answerMalformed('The answer to a publish has no offset.') }
}

/**
 * Whether the server has looked at an append and kept nothing of it: its number is free again, and what follows
 * is not affected. After any other failure it is not known what was kept.
 */
export function isRefusal({ code, status = 0, isTransient }: ProblemError): boolean {
  return status >= 400 && !isTransient && code !== 'producer-gap' && code !== 'producer-stale'
}
