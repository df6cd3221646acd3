import { setTimeout as pause } from 'node:timers/promises'
import type { Way } from '@tidings/protocol'
import { onTestFinished } from 'vitest'
import { httpsFetch } from './tls-server.js'

export interface WayStats {
  readonly requests: number
  readonly emptyAnswers: number
  readonly connectionsOpened: number
  readonly connectionsOpen: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly payloadBytes: number
  readonly bytesSaved: number
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

export function statsOf(server: { readonly url: string; readonly certificate?: string | undefined }) {
  const now = async (): Promise<Stats> => {
    const url = `${server.url}/v1/stats`
    // `fetch` can not be told to trust a certificate of a test's own.
    if (server.certificate) return JSON.parse((await httpsFetch(url, server.certificate)).text) as Stats
    const answer = await fetch(url)
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
  /** Nobody listens and nothing is held or open; a connection may be kept for the next request. */
  const untilNothingIsHeld = (): Promise<Stats> => until(isNothingHeld)
  /** And no connection is left of those that heard. */
  const untilAllIsFree = (): Promise<Stats> =>
    until((stats) => isNothingHeld(stats) && listening.every((way) => stats.ways[way].connectionsOpen === 0))
  return { now, until, untilNothingIsHeld, untilAllIsFree }
}

/** One reader is there in this way, and waits for news. */
export const isListening: Readonly<Record<Way, (stats: Stats) => boolean>> = {
  'short-poll': ({ ways }) => ways['short-poll'].requests > 1,
  'long-poll': ({ heldPolls }) => heldPolls === 1,
  sse: ({ listeners }) => listeners === 1,
  websocket: ({ listeners }) => listeners === 1,
}

const listening = ['long-poll', 'sse', 'websocket'] as const

function isNothingHeld({ listeners, heldPolls, openStreams }: Stats): boolean {
  return listeners === 0 && heldPolls === 0 && openStreams === 0
}
