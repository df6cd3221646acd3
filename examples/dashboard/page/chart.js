import { clock } from './units.js'

/** Between two readings that are further apart nothing was read, and no line is drawn; milliseconds. */
const gapMs = 3_500
const margin = { top: 8, right: 8, bottom: 20, left: 76 }
const gridLines = 4
/** From one time below the chart to the next, pixels. */
const timeSpacing = 110

/**
 * Draws lines over time with nothing but a canvas.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {readonly { at: number }[]} readings
 * @param {object} options
 * @param {{ of: (reading: object) => number, color: string, dash?: number[] }[]} options.lines
 * @param {number} options.top       the highest value of the scale, at least this much
 * @param {(value: number) => string} options.format
 * @param {number} options.fromMs    the left edge, milliseconds since 1970
 * @param {number} options.toMs
 */
export function drawChart(canvas, readings, { lines, top, format, fromMs, toMs }) {
  const style = getComputedStyle(canvas)
  const size = fitted(canvas)
  const pen = canvas.getContext('2d')
  pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0)
  pen.clearRect(0, 0, size.width, size.height)
  const highest = readings.reduce(
    (most, reading) => Math.max(most, ...lines.map(({ of }) => of(reading))),
    top,
  )
  const scale = {
    top: highest === top ? top : roundedUp(highest),
    x: (ms) => margin.left + ((ms - fromMs) / (toMs - fromMs)) * (size.width - margin.left - margin.right),
    y: (value) =>
      size.height - margin.bottom - (value / scale.top) * (size.height - margin.top - margin.bottom),
  }
  drawGrid(pen, scale, { size, format, style })
  drawTimes(pen, scale, { size, fromMs, toMs })
  for (const line of lines) {
    const color = style.getPropertyValue(line.color)
    drawLine(pen, scale, readings, { ...line, color, isFilled: lines.length === 1 })
  }
}

/** As many pixels as the screen has there. @returns the size in CSS pixels */
function fitted(canvas) {
  const size = { width: canvas.clientWidth, height: canvas.clientHeight }
  const [width, height] = [size.width, size.height].map((length) => Math.round(length * devicePixelRatio))
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height })
  return size
}

/** Up to 1, 2 or 5 times a power of ten, so that the scale has round numbers and changes seldom. */
function roundedUp(value) {
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].find((factor) => factor * power >= value) * power
}

function drawGrid(pen, scale, { size, format, style }) {
  pen.font = '12px system-ui, sans-serif'
  pen.textAlign = 'right'
  pen.textBaseline = 'middle'
  pen.lineWidth = 1
  for (let line = 0; line <= gridLines; line += 1) {
    const value = (scale.top * line) / gridLines
    // On the middle of a pixel a thin line is sharp.
    const y = Math.round(scale.y(value)) + 0.5
    pen.strokeStyle = style.getPropertyValue('--line')
    pen.beginPath()
    pen.moveTo(margin.left, y)
    pen.lineTo(size.width - margin.right, y)
    pen.stroke()
    pen.fillStyle = style.getPropertyValue('--soft')
    if (line % 2 === 0) pen.fillText(format(value), margin.left - 8, y)
  }
}

function drawTimes(pen, scale, { size, fromMs, toMs }) {
  const count = Math.max(1, Math.floor((size.width - margin.left - margin.right) / timeSpacing))
  pen.textBaseline = 'bottom'
  pen.textAlign = 'center'
  for (let index = 0; index < count; index += 1) {
    const ms = fromMs + ((toMs - fromMs) * (index + 0.5)) / count
    pen.fillText(clock(ms), scale.x(ms), size.height)
  }
}

function drawLine(pen, scale, readings, { of, color, dash = [], isFilled }) {
  pen.strokeStyle = color
  pen.fillStyle = color
  pen.lineWidth = 2
  pen.lineJoin = 'round'
  pen.setLineDash(dash)
  for (const part of unbroken(readings)) {
    pen.beginPath()
    for (const reading of part) pen.lineTo(scale.x(reading.at), scale.y(of(reading)))
    pen.stroke()
    if (!isFilled) continue
    pen.lineTo(scale.x(part.at(-1).at), scale.y(0))
    pen.lineTo(scale.x(part[0].at), scale.y(0))
    pen.globalAlpha = 0.12
    pen.fill()
    pen.globalAlpha = 1
  }
  pen.setLineDash([])
}

/** The readings in parts, between which nothing was read. */
function unbroken(readings) {
  const parts = []
  for (const [index, reading] of readings.entries()) {
    const before = readings[index - 1]
    if (before === undefined || reading.at - before.at > gapMs) parts.push([])
    parts.at(-1).push(reading)
  }
  return parts
}
