import type { Output } from './section.js'
import { Stretch } from './stretch.js'
import type { WireUnit } from './wire-unit.js'

export class UnitOutput implements Output {
  #units: WireUnit[] = []
  #stretch: Stretch | undefined
  /** Of the piece that is read now, by the server's clock. */
  atMs = 0

  get stretch(): Stretch {
    this.#stretch ??= new Stretch(this.atMs)
    return this.#stretch
  }

  get isStretchEmpty(): boolean {
    return this.#stretch === undefined || this.#stretch.byteLength === 0
  }

  tell(unit: (stretch: Stretch) => WireUnit): void {
    this.#units.push(unit(this.stretch))
    this.#stretch = undefined
  }

  takeUnits(): WireUnit[] {
    const units = this.#units
    this.#units = []
    return units
  }
}
