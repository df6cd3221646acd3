import type { Socket } from 'node:net'
import { Problem } from '@tidings/protocol'
import { endGently } from './end-gently.js'
import { answerHead } from './http1/index.js'
import { problemAnswer } from './problem-answer.js'

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
    answerAndEnd(
      wire,
      new Problem('server-busy', 'The server has as many connections as it may. Come back a little later.', {
        retryAfterSeconds: comeBackSeconds,
      }),
    )
  }
}

function answerAndEnd(socket: Socket, problem: Problem): void {
  const { status, headers, body = new Uint8Array() } = problemAnswer(problem, () => {})
  const head = answerHead(
    status,
    { ...headers, 'content-length': String(body.byteLength) },
    { isLast: true, keepAliveSeconds: 0 },
  )
  endGently(socket, `${head}${Buffer.from(body).toString()}`)
}
