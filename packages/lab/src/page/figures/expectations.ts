import { type Way, ways } from '@tidings/protocol'
import { type Prediction, predict } from '../../figures/index.js'
import { meanHeads } from '../../record/index.js'
import type { RunSession } from '../../session/types.js'
import type { Choices } from '../../workload/choices.js'
import { forEachWay } from '../state/snapshot.js'
import { ExpectedBook, type ExpectedTotals } from './expected-book.js'

export interface Expectation {
  readonly expected: ExpectedTotals
  readonly prediction: Prediction
}

/** Until a lane has shown its own: what Chromium's and ours are like on a plain page, bytes. */
const usualHeads = { requestHeadBytes: 600, answerHeadBytes: 330, emptyAnswerBytes: 250 }

const usualRoundTripMs = 1

/** What arithmetic expects of each lane, from the choices and the lanes' own heads. */
export class Expectations {
  readonly #session: RunSession
  readonly #book = new ExpectedBook()

  constructor(session: RunSession) {
    this.#session = session
  }

  /** Reckons up to now. Walks a lane's latest arrows: for once a second, not for each frame. */
  advance({ workload, settings }: Choices): Readonly<Record<Way, Expectation>> {
    const { clock } = this.#session
    const predictions = forEachWay((way) => {
      const { requestHeadBytes, answerHeadBytes, emptyAnswerBytes } = this.#headsOf(way)
      return predict(way, {
        messagesPerSecond: workload.messagesPerSecond,
        burst: workload.burst,
        messageBytes: workload.messageBytes,
        ...settings,
        requestHeadBytes,
        answerHeadBytes,
        emptyAnswerBytes,
        roundTripMs: clock ? clock.errorMs * 2 : usualRoundTripMs,
      })
    })
    for (const way of ways) {
      const { elapsedSeconds } = this.#session.figures(way)
      this.#book.advance(way, predictions[way], workload.messagesPerSecond, elapsedSeconds)
    }
    return forEachWay((way) => ({
      prediction: predictions[way],
      expected: this.#book.totals(way, this.#headsOf(way)),
    }))
  }

  #headsOf(way: Way) {
    const heads = meanHeads(this.#session.lane(way))
    return {
      requestHeadBytes: heads.requestHeadBytes ?? usualHeads.requestHeadBytes,
      answerHeadBytes: heads.answerHeadBytes ?? usualHeads.answerHeadBytes,
      emptyAnswerBytes: heads.emptyAnswerBytes ?? usualHeads.emptyAnswerBytes,
    }
  }
}
