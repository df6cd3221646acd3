import type { Surface } from './canvas-painter.js'
import type { Painted } from './painter-suite.js'

/** A canvas's context that writes down what is painted on it. Its letters are six pixels wide. */
export class SurfaceUnderTest implements Surface {
  fillStyle: string | CanvasGradient | CanvasPattern = ''
  strokeStyle: string | CanvasGradient | CanvasPattern = ''
  lineWidth = 1
  lineJoin: CanvasLineJoin = 'miter'
  globalAlpha = 1
  font = ''
  textAlign: CanvasTextAlign = 'start'
  textBaseline: CanvasTextBaseline = 'alphabetic'
  measured = 0
  paintings = 0
  readonly textPlaces: { text: string; x: number; y: number }[] = []
  readonly transforms: number[][] = []
  readonly #lines: { colour: string; dashes: readonly number[]; opacity: number }[] = []
  readonly #polygons: { colour: string; points: readonly number[]; opacity: number }[] = []
  readonly #rects: { colour: string; opacity: number }[] = []
  readonly #texts: { text: string; colour: string; isBold: boolean }[] = []
  readonly #angles: number[] = []
  #dashes: number[] = []
  #path: number[] = []
  #cleared = 0

  get painted(): Painted {
    return {
      lines: this.#lines,
      polygons: this.#polygons,
      rects: this.#rects,
      texts: this.#texts,
      cleared: this.#cleared,
      angles: this.#angles,
    }
  }

  setTransform(...values: unknown[]): void {
    this.transforms.push(values as number[])
    this.paintings += 1
  }

  fillRect(): void {
    const colour = String(this.fillStyle)
    // The first is the whole background; later ones clear it for a text.
    if (this.#rects.length > 0 && colour === this.#rects[0]?.colour) this.#cleared += 1
    else this.#rects.push({ colour, opacity: this.globalAlpha })
  }

  beginPath(): void {
    this.#path = []
  }

  moveTo(x: number, y: number): void {
    this.#path.push(x, y)
  }

  lineTo(x: number, y: number): void {
    this.#path.push(x, y)
  }

  closePath(): void {}

  stroke(): void {
    this.#lines.push({ colour: String(this.strokeStyle), dashes: this.#dashes, opacity: this.globalAlpha })
  }

  fill(): void {
    this.#polygons.push({ colour: String(this.fillStyle), points: this.#path, opacity: this.globalAlpha })
  }

  setLineDash(dashes: Iterable<number>): void {
    this.#dashes = [...dashes]
  }

  measureText(text: string): TextMetrics {
    this.measured += 1
    return { width: text.length * 6 } as TextMetrics
  }

  fillText(text: string, x: number, y: number): void {
    this.#texts.push({ text, colour: String(this.fillStyle), isBold: this.font.startsWith('600 ') })
    this.textPlaces.push({ text, x, y })
  }

  save(): void {}
  restore(): void {}
  translate(): void {}

  rotate(angle: number): void {
    this.#angles.push(angle)
  }
}
