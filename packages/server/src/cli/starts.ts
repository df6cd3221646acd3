import { Problem, parseLast, parseOffset, parseTime } from '@tidings/protocol'
import { InvalidArgumentError } from 'commander'

/** What flags say of a place in a channel, checked before anything is sent. */

export function offset(text: string): string {
  if (parseOffset(text)) return text
  throw new InvalidArgumentError('It is -1, now, or an offset that the server gave out.')
}

export function last(text: string): number {
  try {
    return parseLast(text)
  } catch (error) {
    if (error instanceof Problem) throw new InvalidArgumentError(error.message)
    throw error
  }
}

export function since(text: string): string {
  if (parseTime(text) !== undefined) return text
  throw new InvalidArgumentError('It is a time of RFC 3339, as in 2030-01-31T12:00:00Z.')
}
