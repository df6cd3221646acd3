import type { Way } from '@tidings/protocol'
import type { RunSession } from '../../session/types.js'
import { Transcript, type TranscriptLine } from '../../transcript/index.js'
import { forEachWay } from './snapshot.js'

/** What is said in the four lanes, kept longer than its arrows are. */
export class Transcripts {
  readonly #session: RunSession
  readonly #openedAtMs: number
  #transcripts: Readonly<Record<Way, Transcript>> | undefined

  /** @param openedAtMs  when the page began the run, by its own clock: what the lines' times count from */
  constructor(session: RunSession, openedAtMs: number) {
    this.#session = session
    this.#openedAtMs = openedAtMs
  }

  /** Takes what has come since the last call; until the clocks are compared there is nothing. */
  update(): void {
    const offsetMs = this.#session.clock?.offsetMs
    if (offsetMs === undefined) return
    this.#transcripts ??= forEachWay(() => new Transcript(this.#openedAtMs + offsetMs))
    for (const [way, transcript] of Object.entries(this.#transcripts))
      transcript.update(this.#session.lane(way as Way))
  }

  linesOf(way: Way): readonly TranscriptLine[] {
    return this.#transcripts?.[way].lines ?? []
  }
}
