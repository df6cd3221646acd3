import { messagesBetween, placeOf } from '../wire/index.js'

/** Follows the offsets that a stream tells: they say how many messages lie between, where bytes are not told. */
export class PlaceInStream {
  #place: ReturnType<typeof placeOf>

  /** @param offset where the reader said that it is */
  constructor(offset: string | null | undefined) {
    this.#place = placeOf(offset)
  }

  /** @returns how many messages lie between the place before and this one; undefined when nobody can say */
  goTo(offset: string | undefined): number | undefined {
    const place = placeOf(offset)
    if (place === undefined) return undefined
    const count = messagesBetween(this.#place, place)
    this.#place = place
    return count
  }
}
