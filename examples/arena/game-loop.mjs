import { read, socketPublisher, TidingsSocket } from '@tidings/client/ways'
import { WebSocket } from 'ws'
import { Game, tickMs } from './game.mjs'

/**
 * Plays the game: hears what players want, moves everything on twenty times a second, says how it stands. It is a
 * client of the Tidings server like its players, on one socket of its own.
 *
 * @param {string} server
 * @returns {Promise<{ close: () => Promise<void> }>} when it hears its players
 */
export async function runGame(server) {
  const game = new Game(Math.random)
  // Node has WebSocket by itself from version 22 on; until then it is the package `ws`.
  const socket = new TidingsSocket(server, { webSocket: WebSocket })
  const state = socketPublisher({ server, channel: 'arena/state' }, { socket })
  const lifetime = new AbortController()
  const clock = new TickClock(() => {
    game.step()
    void state.publish([game.state()])
    return game.players.size > 0
  })

  const inputs = read(
    { server, channel: 'arena/input' },
    { way: 'websocket', kind: 'json', socket, offset: 'now', signal: lifetime.signal },
  )[Symbol.asyncIterator]()
  // The first batch is empty, and says that the subscription stands.
  await inputs.next()
  const hearing = hear(inputs, (input) => {
    if (game.take(input)) clock.start()
  })
  return {
    close: async () => {
      clock.stop()
      lifetime.abort()
      await hearing
      await state.stop()
    },
  }
}

async function hear(inputs, take) {
  for (let step = await inputs.next(); !step.done; step = await inputs.next())
    step.value.messages.forEach(take)
}

/**
 * Calls `tick` each 50 ms until it says that nobody plays. Each time is counted from the first, not from the one before: what one
 * tick comes late, the next waits less.
 */
class TickClock {
  #tick
  #timer
  #dueMs = 0

  constructor(tick) {
    this.#tick = tick
  }

  start() {
    if (this.#timer !== undefined) return
    this.#dueMs = performance.now()
    this.#wait()
  }

  stop() {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #wait() {
    // After a long pause of the process it goes on from now, instead of playing all that was missed at once.
    this.#dueMs = Math.max(this.#dueMs + tickMs, performance.now() - tickMs)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (this.#tick()) this.#wait()
    }, this.#dueMs - performance.now())
  }
}
