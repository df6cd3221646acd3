import { coinRadius, field, playerRadius } from './rules.js'

/** Twelve that differ by colour and by mark: four colours that carry white figures, three marks. */
const colours = ['#1f5fa8', '#a85400', '#0f7a5a', '#9a3095']

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{ players: readonly object[], coins: readonly object[] }} game
 * @param {string} ownId
 */
export function draw(canvas, game, ownId) {
  const scale = fitted(canvas)
  const style = getComputedStyle(canvas)
  const [ink, soft] = ['--ink', '--soft'].map((name) => style.getPropertyValue(name))
  const pen = canvas.getContext('2d')
  pen.setTransform(scale, 0, 0, scale, 0, 0)
  pen.clearRect(0, 0, field.width, field.height)
  for (const coin of game.coins) drawCoin(pen, coin, soft)
  // One's own last: on top of those that it meets.
  const own = game.players.filter(({ id }) => id === ownId)
  for (const player of game.players) if (player.id !== ownId) drawPlayer(pen, player, ink, false)
  for (const player of own) drawPlayer(pen, player, ink, true)
}

/** As many pixels as the screen has there. @returns pixels per unit of the field */
function fitted(canvas) {
  const width = Math.round(canvas.clientWidth * devicePixelRatio)
  const height = Math.round((width * field.height) / field.width)
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height })
  return width / field.width
}

function drawCoin(pen, { x, y }, soft) {
  circle(pen, x, y, coinRadius)
  pen.fillStyle = 'hsl(45 90% 55%)'
  pen.fill()
  pen.strokeStyle = soft
  pen.lineWidth = 3
  pen.stroke()
}

function drawPlayer(pen, player, ink, isOwn) {
  const { x, y, look, score, isAway } = player
  pen.save()
  if (isAway) pen.globalAlpha = 0.35
  circle(pen, x, y, playerRadius)
  pen.fillStyle = colours[look % colours.length]
  pen.fill()
  drawMark(pen, x, y, Math.floor(look / colours.length))
  if (isOwn) {
    circle(pen, x, y, playerRadius + 8)
    pen.strokeStyle = ink
    pen.lineWidth = 4
    pen.stroke()
  }
  pen.fillStyle = '#fff'
  pen.font = '600 30px system-ui, sans-serif'
  pen.textAlign = 'center'
  pen.textBaseline = 'middle'
  pen.fillText(String(score), x, y + 2)
  pen.restore()
}

/** None, a ring, or a dashed ring. */
function drawMark(pen, x, y, mark) {
  if (mark === 0) return
  pen.save()
  circle(pen, x, y, playerRadius - 7)
  pen.setLineDash(mark === 2 ? [8, 8] : [])
  pen.strokeStyle = '#fff'
  pen.lineWidth = 4
  pen.stroke()
  pen.restore()
}

function circle(pen, x, y, radius) {
  pen.beginPath()
  pen.arc(x, y, radius, 0, 2 * Math.PI)
}
