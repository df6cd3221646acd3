import type { Socket } from 'node:net'
import { Problem } from '@tidings/protocol'
import { endGently } from './end-gently.js'
import { lastAnswer } from './http1/index.js'

/** Refused connections that are told why at once; others are closed without a word. */
const maxAnswered = 100
/** They are let go of no later than this, milliseconds: each holds one of the system's descriptors. */
const answeredMs = 1_000
const comeBackSeconds = 5

/** Connections past the bound. They are answered whatever they ask, and not read. */
export class RefusedConnections {
  #answered = 0

  take(wire: Socket, { canBeAnswered }: { canBeAnswered: boolean }): void {
    wire.on('error', () => wire.destroy())
    if (!canBeAnswered || this.#answered >= maxAnswered) {
      wire.destroy()
      return
    }
    this.#answered++
    const timer = setTimeout(() => wire.destroy(), answeredMs)
    wire.once('close', () => {
      clearTimeout(timer)
      this.#answered--
    })
    const problem = new Problem(
      'server-busy',
      'The server has as many connections as it may. Come back a little later.',
      { retryAfterSeconds: comeBackSeconds },
    )
    const { head, body } = lastAnswer(problem)
    endGently(wire, `${head}${Buffer.from(body).toString()}`)
  }
}
