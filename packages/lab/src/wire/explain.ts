import { explainBlock } from './explain-block.js'
import { explainFrame } from './explain-frame.js'
import { explainMessage } from './explain-message.js'
import { lastChunkLabel, unreadableLabel } from './labels.js'
import { countOf, part, unreadable } from './parts.js'
import type { Carried, WirePart } from './types.js'

/**
 * What an arrow's bytes mean, stretch by stretch: all of them, in order, each with the standard that it comes from.
 * What can not be read is a part named `unreadable`; what was sent and is not told is said to be cut.
 */
export function explain(arrow: Carried): readonly WirePart[] {
  const parts = partsOf(arrow)
  const missing = arrow.byteLength - arrow.bytes.length
  const last = parts.at(-1)
  if (missing <= 0) return parts
  const cut = `cut: ${countOf(missing, 'more byte')} followed that were not kept`
  if (last === undefined) return [part('unreadable', '', cut, '')]
  return [...parts.slice(0, -1), { ...last, meaning: `${last.meaning} (${cut})` }]
}

function partsOf(arrow: Carried): readonly WirePart[] {
  if (arrow.label === unreadableLabel) {
    return [unreadable(arrow.bytes, 'no thing that can be told apart, or behind something that is missing')]
  }
  if (arrow.kind === 'frame') return explainFrame(arrow)
  if (arrow.kind === 'event' || arrow.kind === 'comment' || arrow.label === lastChunkLabel)
    return explainBlock(arrow)
  return explainMessage(arrow)
}
