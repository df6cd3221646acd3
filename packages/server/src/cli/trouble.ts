import { ProblemError } from '@tidings/client/ways'
import { Problem } from '@tidings/protocol'
import { SettingInvalid } from '../index.js'
import { exitCode } from './exit-code.js'

/** The command line asks for something that can not be; the message says what to write instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** It was tried and did not work; the message says why and what to do. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'
}

/** Ctrl-C came before the work was done. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

export interface Trouble {
  /** Undefined when there is nothing to say. */
  readonly sentence: string | undefined
  readonly code: number
}

/** Codes that say that the request could never have worked as it was written. */
const usageCodes: ReadonlySet<string> = new Set([
  'address-invalid',
  'channel-name-invalid',
  'content-type-invalid',
  'durability-invalid',
  'lifetime-invalid',
  'offset-malformed',
  'retention-invalid',
  'fork-invalid',
])

/** What an error means at the command line. A mistake of our own keeps its stack: it is to be reported. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof Interrupted) return { sentence: undefined, code: exitCode.interrupted }
  if (error instanceof UsageError || error instanceof SettingInvalid) {
    return { sentence: error.message, code: exitCode.usage }
  }
  if (error instanceof CommandFailed) return { sentence: error.message, code: exitCode.failure }
  if (error instanceof ProblemError) return { sentence: sentenceOf(error), code: codeOf(error) }
  if (error instanceof Problem) return { sentence: error.message, code: exitCode.failure }
  const whole = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { sentence: `a mistake of our own: ${whole}`, code: exitCode.failure }
}

function codeOf(error: ProblemError): number {
  if (error.code === 'channel-unknown') return exitCode.channelUnknown
  return usageCodes.has(error.code) ? exitCode.usage : exitCode.failure
}

/** With the offsets that can be read from, where the server told them. */
export function sentenceOf(error: ProblemError): string {
  const { earliestOffset, nextOffset } = error.facts
  if (earliestOffset === undefined || nextOffset === undefined) return error.message
  return `${error.message} (earliest: ${earliestOffset}, latest: ${nextOffset})`
}
