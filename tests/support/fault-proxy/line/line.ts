import type { Socket } from 'node:net'
import type { Weather } from '../faults.js'
import { Held } from './held.js'
import { lineFaults } from './index.js'

/** One connection of a client, joined to one further on. */
export class Line {
  readonly #sockets: readonly [client: Socket, behind: Socket]
  readonly #directions: readonly Held[]
  readonly #weather: Weather
  readonly #unwatch: () => void
  readonly #onEnd: () => void
  #idle: NodeJS.Timeout | undefined

  /** @param onEnd called when it is broken, or both ends are gone */
  constructor(client: Socket, behind: Socket, weather: Weather, onEnd: () => void) {
    this.#sockets = [client, behind]
    this.#weather = weather
    this.#onEnd = onEnd
    this.#directions = [
      new Held(client, behind, { direction: 'up', isLost: false, freeAtMs: 0 }, weather),
      new Held(behind, client, { direction: 'down', isLost: false, freeAtMs: 0 }, weather),
    ]
    this.#unwatch = weather.watch(() => this.#changed())
    let open = 2
    for (const socket of this.#sockets) {
      socket.on('data', () => this.#watchIdle())
      socket.on('error', () => {})
      socket.once('close', (hadError) => {
        // What ended as it should is passed on in its turn; a break is told at once, if anything is told.
        const isTold = lineFaults.every(({ mayGoOn }) => mayGoOn?.(weather.faults) ?? true)
        if (--open === 0 || ((hadError || !socket.readableEnded) && isTold)) this.end()
      })
    }
    this.#watchIdle()
  }

  /** Breaks it for both sides. */
  end(how: 'fin' | 'rst' = 'fin'): void {
    clearTimeout(this.#idle)
    this.#unwatch()
    this.#onEnd()
    for (const direction of this.#directions) direction.stop()
    for (const socket of this.#sockets) {
      if (how === 'rst') socket.resetAndDestroy()
      else socket.destroy()
    }
  }

  #changed(): void {
    for (const direction of this.#directions) direction.go()
    this.#watchIdle()
    // What broke while nobody was told is told now.
    if (this.#sockets.some((socket) => socket.destroyed && !socket.readableEnded)) this.end()
  }

  #watchIdle(): void {
    clearTimeout(this.#idle)
    const lifeMs = Math.min(
      ...lineFaults.map(({ lifeMs }) => lifeMs?.(this.#weather.faults) ?? Number.POSITIVE_INFINITY),
    )
    if (lifeMs === Number.POSITIVE_INFINITY || this.#sockets.some((socket) => socket.destroyed)) return
    this.#idle = setTimeout(() => this.end(), lifeMs)
  }
}
