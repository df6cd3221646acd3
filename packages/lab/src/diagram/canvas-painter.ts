import type { DisplayList } from './layout.js'
import { dashPatterns, type Line, type Polygon, type Rect, type Text } from './shapes.js'
import type { Theme } from './theme.js'

/** Budget: 600 shapes in well under 4 ms. Text is what costs; its widths are remembered. */
export type Surface = Pick<
  CanvasRenderingContext2D,
  | 'setTransform'
  | 'fillRect'
  | 'beginPath'
  | 'moveTo'
  | 'lineTo'
  | 'closePath'
  | 'stroke'
  | 'fill'
  | 'setLineDash'
  | 'measureText'
  | 'fillText'
  | 'save'
  | 'restore'
  | 'translate'
  | 'rotate'
  | 'fillStyle'
  | 'strokeStyle'
  | 'lineWidth'
  | 'lineJoin'
  | 'globalAlpha'
  | 'font'
  | 'textAlign'
  | 'textBaseline'
>

export class CanvasPainter {
  readonly #surface: Surface
  readonly #widths = new TextWidths()

  constructor(surface: Surface) {
    this.#surface = surface
  }

  /** Onto a canvas whose bitmap is the list's size times its pixel ratio; all of it is painted over. */
  paint(list: DisplayList, theme: Theme): void {
    const surface = this.#surface
    const { widthPx, heightPx, pixelRatio } = list.size
    surface.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0)
    surface.textAlign = 'left'
    surface.textBaseline = 'alphabetic'
    surface.lineJoin = 'round'
    surface.globalAlpha = 1
    surface.fillStyle = theme.colours.background
    surface.fillRect(0, 0, widthPx, heightPx)
    for (const shape of list.shapes) {
      if (shape.kind === 'line') this.#line(shape, theme, pixelRatio)
      else if (shape.kind === 'polygon') this.#polygon(shape, theme)
      else if (shape.kind === 'rect') this.#rect(shape, theme)
      else this.#text(shape, theme)
    }
  }

  #line(line: Line, theme: Theme, pixelRatio: number): void {
    const surface = this.#surface
    // A level line on the grid of the device's pixels is crisp; a slanted one is smoothed either way.
    const isLevel = Math.abs(line.toY - line.fromY) < 1
    const fromY = isLevel ? crisp(line.fromY, line.widthPx, pixelRatio) : line.fromY
    surface.globalAlpha = line.opacity
    surface.strokeStyle = theme.colours[line.colour]
    surface.lineWidth = line.widthPx
    if (line.stroke !== 'solid')
      surface.setLineDash(dashPatterns[line.stroke].map((part) => part * line.widthPx))
    surface.beginPath()
    surface.moveTo(line.fromX, fromY)
    surface.lineTo(line.toX, isLevel ? fromY : line.toY)
    surface.stroke()
    if (line.stroke !== 'solid') surface.setLineDash([])
  }

  #polygon({ points, colour, opacity }: Polygon, theme: Theme): void {
    const surface = this.#surface
    surface.globalAlpha = opacity
    surface.fillStyle = theme.colours[colour]
    surface.beginPath()
    surface.moveTo(points[0] ?? 0, points[1] ?? 0)
    for (let index = 2; index + 1 < points.length; index += 2)
      surface.lineTo(points[index]!, points[index + 1]!)
    surface.closePath()
    surface.fill()
  }

  #rect(rect: Rect, theme: Theme): void {
    const surface = this.#surface
    surface.globalAlpha = rect.opacity
    surface.fillStyle = theme.colours[rect.colour]
    surface.fillRect(rect.x, rect.y, rect.widthPx, rect.heightPx)
  }

  #text(text: Text, theme: Theme): void {
    const surface = this.#surface
    surface.globalAlpha = 1
    surface.font = `${text.isBold ? '600 ' : ''}${text.sizePx}px ${theme.fontFamily}`
    const widths = text.runs.map((run) => this.#widths.of(surface, run.text))
    const widthPx = widths.reduce((sum, width) => sum + width, 0)
    const isTurned = text.angle !== 0
    if (isTurned) {
      surface.save()
      surface.translate(text.x, text.y)
      surface.rotate(text.angle)
    }
    const x = isTurned ? 0 : text.x
    const y = isTurned ? 0 : text.y
    const startX = text.anchor === 'start' ? x : text.anchor === 'end' ? x - widthPx : x - widthPx / 2
    if (text.isCleared) {
      surface.fillStyle = theme.colours.background
      surface.fillRect(startX - clearPx, y - text.sizePx * 0.85, widthPx + 2 * clearPx, text.sizePx * 1.15)
    }
    let runX = startX
    text.runs.forEach((run, index) => {
      surface.fillStyle = theme.colours[run.colour]
      surface.fillText(run.text, runX, y)
      runX += widths[index] ?? 0
    })
    if (isTurned) surface.restore()
  }
}

/** On either side of a text that is cleared. */
const clearPx = 3

function crisp(y: number, widthPx: number, pixelRatio: number): number {
  const isOdd = Math.round(widthPx * pixelRatio) % 2 === 1
  return (Math.round(y * pixelRatio) + (isOdd ? 0.5 : 0)) / pixelRatio
}

const mostRemembered = 2_000

/** Measuring is slower than painting; the same labels come again and again. Forgets all when it is full. */
class TextWidths {
  readonly #widths = new Map<string, number>()

  of(surface: Surface, text: string): number {
    const key = `${surface.font}\n${text}`
    const known = this.#widths.get(key)
    if (known !== undefined) return known
    if (this.#widths.size >= mostRemembered) this.#widths.clear()
    const widthPx = surface.measureText(text).width
    this.#widths.set(key, widthPx)
    return widthPx
  }
}
