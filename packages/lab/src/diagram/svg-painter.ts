import type { DisplayList } from './layout.js'
import { dashPatterns, type Line, type Polygon, type Rect, type Shape, type Text } from './shapes.js'
import type { Theme } from './theme.js'

/** For those who hear a picture, and for what lists files by their titles. */
export interface PictureWords {
  readonly title: string
  readonly description: string
}

/**
 * The display list as an SVG document that needs nothing else: no style sheet, font file or script.
 *
 * @see SVG 2 §5.8 (`title`, `desc`)
 */
export function paintSvg(list: DisplayList, theme: Theme, words: PictureWords): string {
  const { widthPx, heightPx } = list.size
  const lines = list.shapes.map((shape) => element(shape, theme))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${number(widthPx)}" height="${number(heightPx)}" viewBox="0 0 ${number(widthPx)} ${number(heightPx)}" role="img" font-family="${escaped(theme.fontFamily)}">`,
    `<title>${escaped(words.title)}</title>`,
    `<desc>${escaped(words.description)}</desc>`,
    `<rect width="100%" height="100%" fill="${escaped(theme.colours.background)}"/>`,
    ...lines,
    '</svg>',
    '',
  ].join('\n')
}

function element(shape: Shape, theme: Theme): string {
  if (shape.kind === 'line') return lineElement(shape, theme)
  if (shape.kind === 'polygon') return polygonElement(shape, theme)
  if (shape.kind === 'rect') return rectElement(shape, theme)
  return textElement(shape, theme)
}

function lineElement(line: Line, theme: Theme): string {
  const dashes = dashPatterns[line.stroke].map((part) => number(part * line.widthPx)).join(' ')
  return `<line x1="${number(line.fromX)}" y1="${number(line.fromY)}" x2="${number(line.toX)}" y2="${number(line.toY)}" stroke="${escaped(theme.colours[line.colour])}" stroke-width="${number(line.widthPx)}"${dashes === '' ? '' : ` stroke-dasharray="${dashes}"`}${opacityOf('stroke', line.opacity)}/>`
}

function polygonElement({ points, colour, opacity }: Polygon, theme: Theme): string {
  return `<polygon points="${points.map(number).join(' ')}" fill="${escaped(theme.colours[colour])}"${opacityOf('fill', opacity)}/>`
}

function rectElement(rect: Rect, theme: Theme): string {
  return `<rect x="${number(rect.x)}" y="${number(rect.y)}" width="${number(rect.widthPx)}" height="${number(rect.heightPx)}" fill="${escaped(theme.colours[rect.colour])}"${opacityOf('fill', rect.opacity)}/>`
}

function textElement(text: Text, theme: Theme): string {
  const turn =
    text.angle === 0
      ? ''
      : ` transform="rotate(${number((text.angle * 180) / Math.PI)} ${number(text.x)} ${number(text.y)})"`
  const outline = text.isCleared
    ? ` stroke="${escaped(theme.colours.background)}" stroke-width="${outlinePx}" stroke-linejoin="round" paint-order="stroke"`
    : ''
  const runs = text.runs.map(
    (run) => `<tspan fill="${escaped(theme.colours[run.colour])}">${escaped(run.text)}</tspan>`,
  )
  return `<text x="${number(text.x)}" y="${number(text.y)}" font-size="${number(text.sizePx)}"${text.isBold ? ' font-weight="600"' : ''} text-anchor="${text.anchor}"${outline}${turn} xml:space="preserve">${runs.join('')}</text>`
}

/** A picture can't measure its letters: a broad outline behind them clears what lies below. */
const outlinePx = 6

function opacityOf(of: 'fill' | 'stroke', opacity: number): string {
  return opacity === 1 ? '' : ` ${of}-opacity="${number(opacity)}"`
}

function number(value: number): string {
  return String(Math.round(value * 100) / 100)
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** Text and attribute values; what XML has no character for becomes U+FFFD. @see XML 1.0 §2.2, §2.4 */
function escaped(text: string): string {
  return text
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd')
    .replace(/[&<>"']/g, (character) => entities[character]!)
}
