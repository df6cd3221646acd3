import type { Arrow } from '../record/types.js'
import type { Frame } from './frame.js'
import { firstNotBefore, serverTimeMs } from './server-order.js'
import type { Text } from './shapes.js'
import { yOf } from './time-scale.js'

const linesPerCount = 3

/** Where arrows are too many to label, how many there are: `×240` for every three lines, counted by their places. */
export function crowdShapes(arrows: readonly Arrow[], frame: Frame): readonly Text[] {
  const { scale, measures } = frame
  const rowMs = (measures.lineHeightPx * linesPerCount) / scale.pixelsPerMs
  const counts: Text[] = []
  const firstRow = Math.floor(scale.fromMs / rowMs)
  let begin = firstNotBefore(arrows, firstRow * rowMs, serverTimeMs)
  for (let row = firstRow; row * rowMs < scale.untilMs; row += 1) {
    const end = firstNotBefore(arrows, (row + 1) * rowMs, serverTimeMs, begin)
    const y = Math.min(yOf(scale, (row + 0.5) * rowMs), scale.bottomPx - measures.footPx)
    if (end > begin) counts.push(countText(end - begin, y, frame))
    begin = end
  }
  return counts
}

function countText(count: number, y: number, frame: Frame): Text {
  return {
    kind: 'text',
    x: (frame.clientX + frame.serverX) / 2,
    y: y + frame.measures.fontPx * 0.35,
    anchor: 'middle',
    sizePx: frame.measures.fontPx,
    isBold: true,
    angle: 0,
    isCleared: true,
    runs: [{ text: `×${count}`, colour: 'muted' }],
  }
}
