import type { Arrow, ConnectionRecord, Lane } from '../record/types.js'
import { lineOfArrow, lineOfClosing, type TranscriptLine } from './transcript-line.js'

/** The oldest lines go when there are more. */
export const mostLines = 2_000

/** Connections whose end is waited for; an older one's end is not told. */
const mostOpen = 1_000

/**
 * Who said what, and when, as it happens. Each `update` looks at what has come since the last one, never at all of the
 * record.
 */
export class Transcript {
  readonly #startMs: number
  readonly #lines: TranscriptLine[] = []
  readonly #open = new Set<ConnectionRecord>()
  readonly #toldArrows = new WeakSet<Arrow>()
  readonly #knownConnections = new WeakSet<ConnectionRecord>()

  /** @param startMs  what the lines' times count from, by the server's clock */
  constructor(startMs: number) {
    this.#startMs = startMs
  }

  get lines(): readonly TranscriptLine[] {
    return this.#lines
  }

  /** @returns the lines that are new, in order */
  update(lane: Lane): readonly TranscriptLine[] {
    const arrows = takeNew(lane.arrows, this.#toldArrows)
    this.#addConnections(lane)
    const lines = [...arrows.map((arrow) => lineOf(arrow, lane, this.#startMs)), ...this.#closings()]
    lines.sort((a, b) => a.atMs - b.atMs)
    this.#lines.push(...lines.slice(-mostLines))
    if (this.#lines.length > mostLines) this.#lines.splice(0, this.#lines.length - mostLines)
    return lines
  }

  #addConnections(lane: Lane): void {
    for (const connection of takeNew(lane.connections, this.#knownConnections)) this.#open.add(connection)
    for (const oldest of this.#open) {
      if (this.#open.size <= mostOpen) break
      this.#open.delete(oldest)
    }
  }

  #closings(): readonly TranscriptLine[] {
    const lines: TranscriptLine[] = []
    for (const connection of this.#open) {
      const line = lineOfClosing(connection, this.#startMs)
      if (line === undefined) continue
      lines.push(line)
      this.#open.delete(connection)
    }
    return lines
  }
}

/** @returns what is known of the lane, its latest `mostLines` lines, with times from `startMs` (the server's clock) */
export function transcriptOf(lane: Lane, startMs: number): readonly TranscriptLine[] {
  const transcript = new Transcript(startMs)
  transcript.update(lane)
  return transcript.lines
}

const arrowOf = { client: 'C->', server: 'S->' } as const

/**
 * In the primer's form, a line each:
 *
 *     00:00:01 C-> GET offset=-1 (long poll, connection :40312)
 *     00:00:02 S-> 204 nothing new
 */
export function formatTranscript(lines: readonly TranscriptLine[]): string {
  return lines.map((line) => `${formatLine(line)}\n`).join('')
}

export function formatLine({ atMs, from, text }: TranscriptLine): string {
  return `${formatElapsed(atMs)} ${arrowOf[from]} ${text}`
}

/** 61,002 ms → `00:01:01`; what was before the start is at it. */
function formatElapsed(elapsedMs: number): string {
  const seconds = Math.max(0, Math.floor(elapsedMs / 1_000))
  return [seconds / 3_600, (seconds / 60) % 60, seconds % 60]
    .map((part) => String(Math.floor(part)).padStart(2, '0'))
    .join(':')
}

function lineOf(arrow: Arrow, lane: Lane, startMs: number): TranscriptLine {
  // Only a request's and an answer's line say more than the label; what they belong to is among the latest.
  if (arrow.kind !== 'request' && arrow.kind !== 'response')
    return lineOfArrow(arrow, undefined, undefined, startMs)
  const exchange = lane.exchanges.findLast(({ id }) => id === arrow.exchange)
  const connection = lane.connections.findLast(({ id }) => id === exchange?.connection)
  return lineOfArrow(arrow, exchange, connection, startMs)
}

/** The record may put what it has read late among the latest so many. */
const mostOvertaken = 32

/** What is not in `known` yet, looked for from the end, until so many in a row are. They are then. */
function takeNew<Item extends object>(items: readonly Item[], known: WeakSet<Item>): readonly Item[] {
  const found: Item[] = []
  let knownInRow = 0
  for (let index = items.length - 1; index >= 0 && knownInRow < mostOvertaken; index -= 1) {
    const item = items[index]!
    if (known.has(item)) {
      knownInRow += 1
      continue
    }
    knownInRow = 0
    known.add(item)
    found.push(item)
  }
  return found.reverse()
}
