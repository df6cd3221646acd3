import type { Arrow } from '../record/types.js'
import { firstNotBefore, serverTimeMs } from './server-order.js'
import { type TimeScale, yOf } from './time-scale.js'

// Budget: with at most `mostWalked` arrows in sight each is looked at once; with more, only some of each bin are, and
// the bins are found by binary search. Neither walks over the record.

/** Arrows in sight that are looked at one by one. */
export const mostWalked = 3_000

/** Arrows of one direction that are nearer to each other than so much would be drawn upon each other. */
const leastBinPx = 4

/** An arrow is drawn of each direction in each bin: at most twice as many. */
export const mostBins = 150

/** How long an arrow may be under way beyond the edge of what is visible and still be found. */
const longestFlightMs = 2_000

/** Beyond the edges so much is drawn as well: what stands at an edge has its neighbours, and does not change there. */
const edgePx = 16

/** Labels count those that lie upon each other (`×3`). Of more than so many for one that is drawn a note tells, too. */
const noticedShare = 4

/** In a bin of a crowd so many are looked at for one of each direction. */
const mostSampled = 4

export interface VisibleArrows {
  /** To be drawn, in the server's order. */
  readonly drawn: readonly Arrow[]
  /** All of them in and around what is visible; absent when they are too many to look at. */
  readonly all: readonly Arrow[] | undefined
  /** So few of them are drawn that it is to be said. */
  readonly isThinned: boolean
}

/** Bins begin at multiples of their length since 1970, so that an arrow that is drawn stays drawn while time goes on. */
export function visibleArrows(arrows: readonly Arrow[], scale: TimeScale, aroundMs: number): VisibleArrows {
  const beyondMs = Math.max(longestFlightMs, aroundMs)
  const begin = firstNotBefore(arrows, scale.fromMs - beyondMs, serverTimeMs)
  const end = firstNotBefore(arrows, scale.untilMs + beyondMs, serverTimeMs, begin)
  const binPx = Math.max(leastBinPx, (scale.bottomPx - scale.topPx) / mostBins)
  const binMs = binPx / scale.pixelsPerMs
  if (end - begin > mostWalked)
    return { drawn: sampled(arrows, scale, binMs), all: undefined, isThinned: true }

  const all = arrows.slice(begin, end)
  const inSight = all.filter((arrow) => isInSight(arrow, scale))
  const drawn = thinned(inSight, binMs)
  return { drawn, all, isThinned: drawn.length * noticedShare < inSight.length }
}

export function isInSight(arrow: Arrow, scale: TimeScale): boolean {
  const upper = yOf(scale, Math.min(arrow.sentAtMs, arrow.receivedAtMs))
  const lower = yOf(scale, Math.max(arrow.sentAtMs, arrow.receivedAtMs))
  return upper <= scale.bottomPx + edgePx && lower >= scale.topPx - edgePx
}

function thinned(arrows: readonly Arrow[], binMs: number): readonly Arrow[] {
  const drawn: Arrow[] = []
  const latest = { client: { bin: Number.NaN, at: 0 }, server: { bin: Number.NaN, at: 0 } }
  for (const arrow of arrows) {
    const place = latest[arrow.from]
    const bin = Math.floor(serverTimeMs(arrow) / binMs)
    if (bin !== place.bin) {
      place.bin = bin
      place.at = drawn.push(arrow) - 1
    } else if (drawn[place.at]!.isEmpty && !arrow.isEmpty) {
      drawn[place.at] = arrow
    }
  }
  return drawn
}

function sampled(arrows: readonly Arrow[], scale: TimeScale, binMs: number): readonly Arrow[] {
  const drawn: Arrow[] = []
  const edgeMs = edgePx / scale.pixelsPerMs
  const firstBin = Math.floor((scale.fromMs - edgeMs) / binMs)
  let begin = firstNotBefore(arrows, firstBin * binMs, serverTimeMs)
  for (let bin = firstBin; bin * binMs < scale.untilMs + edgeMs; bin += 1) {
    const end = firstNotBefore(arrows, (bin + 1) * binMs, serverTimeMs, begin)
    drawn.push(...thinned(arrows.slice(begin, Math.min(end, begin + mostSampled)), binMs))
    begin = end
  }
  return drawn
}
