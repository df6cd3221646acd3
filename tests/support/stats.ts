import { setTimeout as pause } from 'node:timers/promises'
import type { Way } from '@tidings/protocol'
import { onTestFinished } from 'vitest'

export interface WayStats {
  readonly requests: number
  readonly emptyAnswers: number
  readonly connectionsOpened: number
  readonly connectionsOpen: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly payloadBytes: number
}

/** What `GET /v1/stats` answers. */
export interface Stats {
  readonly ways: Record<Way | 'publish' | 'other', WayStats>
  readonly listeners: number
  readonly heldPolls: number
  readonly openStreams: number
}

/** Asks again after this long, milliseconds, until the test's own time is over. */
const askAgainMs = 10

export function statsOf(server: { readonly url: string }) {
  const now = async (): Promise<Stats> => {
    const answer = await fetch(`${server.url}/v1/stats`)
    return (await answer.json()) as Stats
  }
  /** Some things happen in the server after its client has seen their effect. */
  const until = async (isSo: (stats: Stats) => boolean): Promise<Stats> => {
    let isOver = false
    let last: Stats | undefined
    onTestFinished(({ task }) => {
      isOver = true
      if (task.result?.state === 'fail' && last && !isSo(last))
        console.log('the last stats:', JSON.stringify(last))
    })
    for (;;) {
      last = await now()
      if (isSo(last) || isOver) return last
      await pause(askAgainMs)
    }
  }
  /** Nobody listens, nothing is held or open, for any way of hearing. */
  const untilAllIsFree = (): Promise<Stats> =>
    until(
      ({ ways, listeners, heldPolls, openStreams }) =>
        listeners === 0 &&
        heldPolls === 0 &&
        openStreams === 0 &&
        ways['long-poll'].connectionsOpen === 0 &&
        ways.sse.connectionsOpen === 0 &&
        ways.websocket.connectionsOpen === 0,
    )
  return { now, until, untilAllIsFree }
}
