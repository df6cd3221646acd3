import type { Way } from '@tidings/protocol'
import type { Prediction } from '../../figures/index.js'
import type { MeanHeads } from '../../record/index.js'
import { forEachWay } from '../state/snapshot.js'

/** What arithmetic says a lane has cost since the run began. */
export interface ExpectedTotals {
  readonly requests: number
  readonly emptyAnswers: number
  readonly connections: number
  readonly bytesUp: number
  readonly bytesDown: number
  readonly payloadBytes: number
  readonly messages: number
}

const nothing: ExpectedTotals = {
  requests: 0,
  emptyAnswers: 0,
  connections: 0,
  bytesUp: 0,
  bytesDown: 0,
  payloadBytes: 0,
  messages: 0,
}

/**
 * Adds up predicted rates over the time that a lane has heard. A workload that changes in the middle changes what is
 * expected from then on, as it does what is measured.
 */
export class ExpectedBook {
  readonly #lanes: Record<Way, { totals: ExpectedTotals; elapsedSeconds: number }>

  constructor() {
    this.#lanes = { ...forEachWay(() => ({ totals: nothing, elapsedSeconds: 0 })) }
  }

  /** @param elapsedSeconds  for how long the lane has heard by now; the rates hold since it was told before */
  advance(way: Way, prediction: Prediction, messagesPerSecond: number, elapsedSeconds: number): void {
    const { totals, elapsedSeconds: before } = this.#lanes[way]
    const seconds = Math.max(0, elapsedSeconds - before)
    const up = prediction.bytesUpPerSecond.value * seconds
    const down = prediction.bytesDownPerSecond.value * seconds
    this.#lanes[way] = {
      elapsedSeconds: Math.max(before, elapsedSeconds),
      totals: {
        requests: totals.requests + prediction.requestsPerSecond.value * seconds,
        emptyAnswers: totals.emptyAnswers + prediction.emptyAnswersPerSecond.value * seconds,
        connections: totals.connections + prediction.connectionsPerSecond.value * seconds,
        bytesUp: totals.bytesUp + up,
        bytesDown: totals.bytesDown + down,
        payloadBytes: totals.payloadBytes + prediction.payloadShare.value * (up + down),
        messages: totals.messages + messagesPerSecond * seconds,
      },
    }
  }

  /** With what a lane's opening takes, which the rates leave out: a connection, and for a stream its one request. */
  totals(way: Way, { requestHeadBytes = 0, answerHeadBytes = 0 }: Partial<MeanHeads>): ExpectedTotals {
    const { totals } = this.#lanes[way]
    const isStream = way === 'sse' || way === 'websocket'
    return {
      ...totals,
      requests: totals.requests + (isStream ? 1 : 0),
      connections: totals.connections + 1,
      bytesUp: totals.bytesUp + (isStream ? requestHeadBytes : 0),
      bytesDown: totals.bytesDown + (isStream ? answerHeadBytes : 0),
    }
  }
}
