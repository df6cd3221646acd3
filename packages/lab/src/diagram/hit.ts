import type { Arrow } from '../record/types.js'
import type { ArrowPath } from './arrow-shapes.js'
import type { DisplayList } from './layout.js'

/** How far beside an arrow still means it, CSS pixels: its label does. A finger covers what it points at. */
export const hitTolerancePx = { mouse: 16, finger: 22 } as const

/** @returns the arrow nearest to the point within the tolerance; the later one of two */
export function arrowAt(list: DisplayList, x: number, y: number, tolerancePx: number): Arrow | undefined {
  if (y < list.frame.scale.topPx) return undefined
  let nearest: Arrow | undefined
  let nearestPx = tolerancePx
  for (const path of list.paths) {
    const distancePx = distanceTo(path, x, y)
    if (distancePx > nearestPx) continue
    nearest = path.arrow
    nearestPx = distancePx
  }
  return nearest
}

/** From a point to the nearest one of a straight line between two ends. */
function distanceTo({ fromX, fromY, toX, toY }: ArrowPath, x: number, y: number): number {
  const acrossX = toX - fromX
  const acrossY = toY - fromY
  const squared = acrossX * acrossX + acrossY * acrossY
  const part = squared === 0 ? 0 : ((x - fromX) * acrossX + (y - fromY) * acrossY) / squared
  const clamped = Math.min(1, Math.max(0, part))
  return Math.hypot(x - (fromX + acrossX * clamped), y - (fromY + acrossY * clamped))
}
