import { showStanding } from '/shared/standing.js'
import { server } from '/tidings.js'
import { draw } from './drawing.js'
import { openGameSocket } from './game-socket.js'
import { delayMs, Interpolation } from './interpolation.js'
import { RoundTrips } from './round-trips.js'
import { field, maxPlayers, tickMs } from './rules.js'
import { steering } from './steering.js'

/** An unchanged wish is said again so often, milliseconds: it tells the game that somebody is there. */
const repeatMs = 500
/** How often the figures are written: often enough to see them move, seldom enough to read them, milliseconds. */
const figuresMs = 250

const fieldElement = document.querySelector('#field')
const canvas = fieldElement.querySelector('canvas')
const interpolation = new Interpolation()
const roundTrips = new RoundTrips()
const own = remembered()
/** The wish that was sent last, and when. */
let said = { x: 0, y: 0, atMs: Number.NEGATIVE_INFINITY }
let newest
let ticksHeard = 0
let reconnections = 0

const socket = openGameSocket(server, {
  onStates: (states) => {
    const nowMs = performance.now()
    for (const state of states) interpolation.add(state, nowMs)
    ticksHeard += states.length
    newest = states.at(-1) ?? newest
    const me = newest?.players.find(({ id }) => id === own.id)
    if (me !== undefined) roundTrips.seen(me.input, nowMs)
  },
  onConnected: () => {
    // What was said last may have gone down with the old connection: a key that was let go, above all.
    said.atMs = Number.NEGATIVE_INFINITY
    fieldElement.classList.remove('lost')
    showStanding('good', 'You are in. Arrow keys, WASD, or hold a finger on the field.')
  },
  onLost: () => {
    reconnections += 1
    roundTrips.forget()
    fieldElement.classList.add('lost')
    showStanding('bad', 'The connection is lost. Coming back; your place is kept for 20 seconds.')
  },
  onRefused: (detail) => showStanding('bad', `The game can not be heard: ${detail}`),
})

const wish = steering(fieldElement, ownPosition)
// It takes the keys: nobody should have to click first.
fieldElement.focus({ preventScroll: true })

// The pace of the game: a wish that changes faster than it ticks would not be seen anyway.
setInterval(() => {
  const nowMs = performance.now()
  const { x, y } = wish()
  const isNew = x !== said.x || y !== said.y
  if (!isNew && nowMs - said.atMs < repeatMs) return
  own.number += 1
  if (!socket.send({ id: own.id, number: own.number, x, y })) return
  roundTrips.sent(own.number, nowMs)
  said = { x, y, atMs: nowMs }
}, tickMs)

// For a look from the browser's console, and for tests: the game as it is shown now.
globalThis.shownGame = () => interpolation.at(performance.now())

function frame() {
  const game = globalThis.shownGame()
  if (game !== undefined) draw(canvas, game, own.id)
  requestAnimationFrame(frame)
}
requestAnimationFrame(frame)

let figuresAtMs = performance.now()
setInterval(() => {
  const nowMs = performance.now()
  const roundTripMs = roundTrips.medianMs
  show('round-trip-ms', roundTripMs === undefined ? '–' : Math.round(roundTripMs))
  show('ticks-per-second', Math.round((ticksHeard * 1000) / (nowMs - figuresAtMs)))
  show('players', newest?.players.length ?? 0)
  show('reconnections', reconnections)
  if (newest?.players.length === maxPlayers && !newest.players.some(({ id }) => id === own.id)) {
    showStanding('waiting', 'The field is full. You watch, and come in when somebody leaves.')
  }
  ticksHeard = 0
  figuresAtMs = nowMs
}, figuresMs)

function show(metric, value) {
  const output = document.querySelector(`[data-metric="${metric}"]`)
  output.dataset.value = String(value)
  output.textContent = String(value)
}

/** Where one's own player is shown, on the page, pixels. */
function ownPosition() {
  const me = globalThis.shownGame()?.players.find(({ id }) => id === own.id)
  if (me === undefined) return undefined
  const box = canvas.getBoundingClientRect()
  return {
    x: box.left + (me.x * box.width) / field.width,
    y: box.top + (me.y * box.height) / field.height,
  }
}

/**
 * Who one is, for as long as the tab lives: a reload comes back into the running game. Numbers of inputs begin at the time,
 * so that those of a page that was loaded again are higher than before.
 */
function remembered() {
  const id = sessionStorage.getItem('player') ?? crypto.randomUUID().slice(0, 8)
  sessionStorage.setItem('player', id)
  return { id, number: Date.now() }
}

document.querySelector('#delay').textContent = `${delayMs} ms`
