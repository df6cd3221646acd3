import type { Arrow } from '../record/types.js'

/** When the server took or sent it: what a lane's arrows are in order of. */
export function serverTimeMs(arrow: Arrow): number {
  return arrow.from === 'client' ? arrow.receivedAtMs : arrow.sentAtMs
}

/**
 * @param items  in order of `timeOf`
 * @returns the index of the first that is not before `atMs`; their number when there is none
 */
export function firstNotBefore<Item>(
  items: readonly Item[],
  atMs: number,
  timeOf: (item: Item) => number,
  low = 0,
): number {
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (timeOf(items[middle]!) < atMs) low = middle + 1
    else high = middle
  }
  return low
}

/** Found by its time; undefined when the record has let go of it. */
export function indexOfArrow(arrows: readonly Arrow[], arrow: Arrow): number | undefined {
  const atMs = serverTimeMs(arrow)
  for (let index = firstNotBefore(arrows, atMs, serverTimeMs); index < arrows.length; index += 1) {
    if (arrows[index]!.id === arrow.id) return index
    if (serverTimeMs(arrows[index]!) > atMs) return undefined
  }
  return undefined
}
