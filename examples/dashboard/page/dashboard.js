import { showStanding } from '/shared/standing.js'
import { drawChart } from './chart.js'
import { hearMachine } from './hear-machine.js'
import { forgetAll, forgetBefore, keep, readings } from './readings.js'
import { bytes, bytesPerSecond, clock, percent } from './units.js'

const ranges = {
  '60-readings': { spanMs: 60_000, start: () => 'last=60' },
  '5-minutes': { spanMs: 300_000, start: () => since(300_000) },
  '1-hour': { spanMs: 3_600_000, start: () => since(3_600_000) },
}
/** Readings come once a second; after so long without one something is wrong, milliseconds. */
const silentMs = 4_000
/** The disk's scale does not go below this, so that next to nothing looks like it. */
const leastDiskScale = 1_000_000

const find = (selector) => document.querySelector(selector)

let range
let leave = () => {}
let heardAtMs = 0
let isOpen = false
let isDrawn = true

find('#ranges').addEventListener('change', ({ target }) => hear(target.value))
hear(find('#ranges :checked').value)

setInterval(() => {
  if (!isOpen || readings.length === 0 || performance.now() - heardAtMs < silentMs) return
  showStanding(
    'bad',
    `The machine has said nothing since ${clock(readings.at(-1).at)}. This is how it was then.`,
  )
}, 1_000)

new ResizeObserver(redraw).observe(find('.charts'))
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw)

function hear(name) {
  leave()
  range = ranges[name]
  forgetAll()
  // What was kept before this moment is history, by the server's clock or ours; what comes later is live.
  const loadedAtMs = Date.now()
  let history = 0
  leave = hearMachine(range.start, {
    onReading: (reading) => {
      if (!keep(reading)) return
      heardAtMs = performance.now()
      forgetBefore(reading.at - range.spanMs)
      if (reading.at < loadedAtMs) history += 1
      write('history', history, String)
      showStanding('good', 'Live: a reading each second.')
      redraw()
    },
    onOpen: () => {
      isOpen = true
      heardAtMs = performance.now()
      showStanding('good', 'Live: a reading each second.')
    },
    onLost: () => {
      isOpen = false
      showStanding('bad', 'The server can not be reached. Trying again; what is missed will be filled in.')
    },
    onAnew: forgetAll,
  })
}

function since(spanMs) {
  return `since=${new Date(Date.now() - spanMs).toISOString()}`
}

/** Once per picture, however many readings came: an hour of history is 3,600 events in one go. */
function redraw() {
  if (!isDrawn) return
  isDrawn = false
  requestAnimationFrame(() => {
    isDrawn = true
    const newest = readings.at(-1)
    if (newest !== undefined) show(newest)
  })
}

function show({ at, cpu, memory, disk }) {
  write('cpu-percent', cpu.percent, percent)
  write('memory-used-bytes', memory.usedBytes, bytes)
  write('memory-total-bytes', memory.totalBytes, (value) => `of ${bytes(value)}`)
  write('disk-read-bytes-per-second', disk.readBytesPerSecond, bytesPerSecond)
  write('disk-written-bytes-per-second', disk.writtenBytesPerSecond, bytesPerSecond)
  write('readings', readings.length, String)
  const cores = cpu.corePercents.map((value, index) => `core ${index + 1}: ${percent(Number(value))}`)
  find('#cores').textContent = cores.join(' · ')

  const span = { fromMs: at - range.spanMs, toMs: at }
  chart('cpu', `CPU ${percent(cpu.percent)}`, {
    ...span,
    lines: [{ of: (reading) => reading.cpu.percent, color: '--accent' }],
    top: 100,
    format: (value) => `${value} %`,
  })
  chart('memory', `Memory: ${bytes(memory.usedBytes)} of ${bytes(memory.totalBytes)} used`, {
    ...span,
    lines: [{ of: (reading) => reading.memory.usedBytes, color: '--accent' }],
    top: memory.totalBytes,
    format: bytes,
  })
  const diskWords = `${bytesPerSecond(disk.readBytesPerSecond)} read, ${bytesPerSecond(disk.writtenBytesPerSecond)} written`
  chart('disk', `Disk: ${diskWords}`, {
    ...span,
    lines: [
      { of: (reading) => reading.disk.readBytesPerSecond, color: '--accent' },
      { of: (reading) => reading.disk.writtenBytesPerSecond, color: '--warm', dash: [5, 4] },
    ],
    top: leastDiskScale,
    format: bytesPerSecond,
  })
}

function chart(id, words, options) {
  const canvas = find(`#${id} canvas`)
  canvas.setAttribute('aria-label', words)
  drawChart(canvas, readings, options)
}

function write(metric, value, format) {
  const output = find(`[data-metric="${metric}"]`)
  output.dataset.value = String(value)
  output.textContent = format(value)
}
