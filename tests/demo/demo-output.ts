/** Reads what `tidings demo` printed, as a person would: the lines of each talk, and the rows of the table. */

export interface Line {
  readonly atMs: number
  readonly speaker: string
  readonly words: string
  readonly detail: string
}

export interface Row {
  readonly name: string
  readonly requests: number
  readonly empty: number
  readonly connections: number
  readonly bytesUp: number
  readonly bytesDown: number
  readonly payload: number
  readonly sharePercent: number
  readonly delayMs: number
}

export const titles = [
  'Short polling',
  'Long polling, on a kept-alive connection',
  'Long polling, each request on a fresh connection',
  'Server-Sent Events',
  'WebSocket',
] as const

export type Title = (typeof titles)[number]

export class DemoOutput {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  /** The lines under a title, up to the next one. */
  talk(title: Title): Line[] {
    const start = this.text.indexOf(`\n${title}\n`)
    const ends = [...titles, 'What each way has cost']
      .map((next) => this.text.indexOf(`\n${next}\n`, start + 1))
      .filter((at) => at > start)
    return this.text
      .slice(start, Math.min(...ends))
      .split('\n')
      .map((line) => /^(\d\d):(\d\d):(\d\d)\.(\d{3}) ([CS]->) (.*?)(?: {2,}(.*))?$/.exec(line))
      .filter((match) => match !== null)
      .map(([, hours, minutes, seconds, ms, speaker, words, detail]) => ({
        atMs: ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(ms),
        speaker: speaker ?? '',
        words: words ?? '',
        detail: detail ?? '',
      }))
  }

  table(): Row[] {
    const lines = this.text.slice(this.text.indexOf('\nWhat each way has cost\n')).split('\n')
    return lines
      .map((line) => /^(\S.*?) {2,}((?:[\d.]+(?: (?:%|ms))?\s*){8})$/.exec(line))
      .filter((match) => match !== null)
      .map(([, name = '', figures = '']) => {
        const numbers = [...figures.matchAll(/[\d.]+/g)].map(Number)
        const [requests, empty, connections, bytesUp, bytesDown, payload, sharePercent, delayMs] =
          numbers as [number, number, number, number, number, number, number, number]
        return { name, requests, empty, connections, bytesUp, bytesDown, payload, sharePercent, delayMs }
      })
  }

  row(title: Title): Row {
    return this.table()[titles.indexOf(title)] as Row
  }
}

/** The client's port of the connection that a line names. */
export function portOf({ detail }: Line): string {
  return /on :(\d+)/.exec(detail)?.[1] ?? ''
}
