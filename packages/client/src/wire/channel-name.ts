import { reservedSegment } from '@tidings/protocol'
import { ProblemError } from '../problem-error.js'

/** In UTF-8. */
const maxNameBytes = 1024

/** A segment that is empty, `.` or `..` (another channel, in a URL); a control character; half a surrogate pair. */
const noName = /(^|\/)\.{0,2}(\/|$)|[\p{Cc}\p{Cs}]/u

/**
 * The server's own rules, in one sentence: one name that is none and it refuses all channels of a request.
 *
 * @throws ProblemError `channel-name-invalid`
 */
export function checkChannelName(name: string): void {
  const isReserved = name.split('/')[0] === reservedSegment
  if (!isReserved && !noName.test(name) && new TextEncoder().encode(name).length <= maxNameBytes) return
  const detail = `A channel's name has at most ${maxNameBytes} bytes, no control characters, no segments that are empty, . or .., and not ${reservedSegment} first.`
  throw new ProblemError('channel-name-invalid', detail)
}
