import { coinRadius, field, maxPlayers, playerRadius, tickMs } from './page/rules.js'

export { tickMs } from './page/rules.js'

/** Units of the field per tick, at full speed. */
const stepLength = (360 * tickMs) / 1000
const coinCount = 6
/** A player of whom nothing was heard for so long is shown as away, and later leaves; ticks. */
const awayTicks = 1_500 / tickMs
const leaveTicks = 20_000 / tickMs

/**
 * The game and nothing else: no clock, no network. What a player wants comes in by `take`, `step` moves everything on by
 * one tick, `state` is what everybody is told. Players send what they want and never where they are, so nobody
 * can be where the rules do not allow.
 */
export class Game {
  #random
  #tick = 0
  #coins
  /** @type {Map<string, Player>} */
  players = new Map()

  /** @param {() => number} random  from 0 (included) to 1 (excluded) */
  constructor(random) {
    this.#random = random
    this.#coins = Array.from({ length: coinCount }, () => this.#place(coinRadius))
  }

  /**
   * A player's latest wish; the first one joins the game.
   *
   * @param {unknown} input  from the network: whoever reaches the server may have written it
   * @returns {boolean} whether it was understood and taken
   */
  take(input) {
    if (!isInput(input)) return false
    const { id, number, x, y } = input
    const player = this.players.get(id) ?? this.#join(id)
    // A late one of before a reconnect must not undo what was wished since.
    if (player === undefined || number <= player.input) return false
    const length = Math.max(1, Math.hypot(x, y))
    Object.assign(player, { input: number, wishX: x / length, wishY: y / length, heardAtTick: this.#tick })
    return true
  }

  step() {
    this.#tick += 1
    for (const [id, player] of this.players) {
      const silentTicks = this.#tick - player.heardAtTick
      if (silentTicks > leaveTicks) this.players.delete(id)
      else if (silentTicks <= awayTicks) this.#move(player)
    }
  }

  /** Everything, each time: a player who comes back needs one message, not a history. */
  state() {
    return {
      tick: this.#tick,
      players: [...this.players].map(([id, player]) => ({
        id,
        look: player.look,
        x: Math.round(player.x),
        y: Math.round(player.y),
        score: player.score,
        input: player.input,
        ...(this.#tick - player.heardAtTick > awayTicks && { isAway: true }),
      })),
      coins: this.#coins,
    }
  }

  #move(player) {
    player.x = within(player.x + player.wishX * stepLength, field.width)
    player.y = within(player.y + player.wishY * stepLength, field.height)
    for (const [index, coin] of this.#coins.entries()) {
      if (Math.hypot(coin.x - player.x, coin.y - player.y) > playerRadius + coinRadius) continue
      player.score += 1
      this.#coins[index] = this.#place(coinRadius)
    }
  }

  /** @returns {Player | undefined} none when the field is full */
  #join(id) {
    if (this.players.size >= maxPlayers) return undefined
    const taken = new Set([...this.players.values()].map(({ look }) => look))
    const look = Array.from({ length: maxPlayers }, (_, index) => index).find((index) => !taken.has(index))
    const player = {
      look,
      ...this.#place(playerRadius),
      wishX: 0,
      wishY: 0,
      score: 0,
      input: -1,
      heardAtTick: 0,
    }
    this.players.set(id, player)
    return player
  }

  #place(radius) {
    const along = (length) => Math.round(radius + this.#random() * (length - 2 * radius))
    return { x: along(field.width), y: along(field.height) }
  }
}

/**
 * @typedef {object} Player
 * @property {number} look         which of the looks, unlike every other player's
 * @property {number} x            units of the field
 * @property {number} y
 * @property {number} wishX        direction and speed, together at most 1 long
 * @property {number} wishY
 * @property {number} score
 * @property {number} input        number of the latest input that was taken
 * @property {number} heardAtTick
 */

function within(position, length) {
  return Math.min(length - playerRadius, Math.max(playerRadius, position))
}

function isInput(input) {
  return (
    /^[0-9a-f]{8}$/.test(input?.id) &&
    Number.isSafeInteger(input.number) &&
    Number.isFinite(input.x) &&
    Number.isFinite(input.y)
  )
}
