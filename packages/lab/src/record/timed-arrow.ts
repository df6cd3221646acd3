import type { Arrow, ClockEstimate } from './types.js'

/** An arrow whose times may still become known. */
export interface TimedArrow extends Omit<Arrow, 'sentAtMs'> {
  sentAtMs: number
  /** When the server took or sent it, by its own clock: this is always known. */
  readonly serverAtMs: number
  /** When the page sent or had it, by the page's clock, once the page has told. */
  pageAtMs: number | undefined
}

/**
 * Puts an arrow's two ends into the server's time.
 *
 * The server's end is as it was traced. The page's is converted by the estimate, or guessed where the page saw
 * nothing: half of the quickest round trip away. An estimate is wrong by a little, so that an arrow could arrive
 * before it left: then both are drawn at once, and called a guess.
 */
export function setTimes(arrow: TimedArrow, clock: ClockEstimate | undefined): void {
  const { serverAtMs, pageAtMs } = arrow
  const sign = arrow.from === 'client' ? -1 : 1
  const isKnown = pageAtMs !== undefined && clock !== undefined
  const pageEndMs = isKnown ? pageAtMs + clock.offsetMs : serverAtMs + sign * (clock?.errorMs ?? 0)
  const isBackwards = (pageEndMs - serverAtMs) * sign < 0
  const endMs = isBackwards ? serverAtMs : pageEndMs
  arrow.sentAtMs = arrow.from === 'client' ? endMs : serverAtMs
  arrow.receivedAtMs = arrow.from === 'client' ? serverAtMs : endMs
  arrow.isGuessed = !isKnown || isBackwards
}
