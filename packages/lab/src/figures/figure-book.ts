import { type Way, ways } from '@tidings/protocol'
import type { LaneTotals } from '../record/types.js'
import { PercentileWindow } from './percentile-window.js'
import { SequenceCheck } from './sequence-check.js'
import type { LaneFigures } from './types.js'

/** Delays that percentiles are of. */
const delayWindow = 2_000
/** Delays that the chart shows. */
const chartPoints = 600

export interface Heard {
  /** From when the message was published; absent for one that does not say when. */
  readonly delayMs?: number
  /** The message's own. */
  readonly payloadBytes: number
  /** By the page's clock. */
  readonly atMs: number
  /** The message's number in the run's workload; absent for what somebody said. */
  readonly n?: number
}

class LaneBook {
  readonly delays = new PercentileWindow(delayWindow)
  readonly roundTrips = new PercentileWindow(delayWindow)
  readonly sequence = new SequenceCheck()
  readonly chart = { atMs: [] as number[], delayMs: [] as number[] }
  messages = 0
  payloadBytes = 0
  beganAtMs: number | undefined

  addToChart(atMs: number, delayMs: number): void {
    this.chart.atMs.push(atMs)
    this.chart.delayMs.push(delayMs)
    if (this.chart.atMs.length <= chartPoints) return
    this.chart.atMs.shift()
    this.chart.delayMs.shift()
  }
}

/** What the four lanes have heard, counted as it comes. */
export class FigureBook {
  readonly #lanes = Object.fromEntries(ways.map((way) => [way, new LaneBook()])) as Record<Way, LaneBook>

  /** @param atMs by the page's clock. The first time counts: what was cost since then is divided by */
  began(way: Way, atMs: number): void {
    this.#lanes[way].beganAtMs ??= atMs
  }

  heard(way: Way, { delayMs, payloadBytes, atMs, n }: Heard): void {
    const lane = this.#lanes[way]
    lane.messages += 1
    lane.payloadBytes += payloadBytes
    if (n !== undefined) lane.sequence.hear(n)
    if (delayMs === undefined) return
    lane.delays.add(delayMs)
    lane.addToChart(atMs, delayMs)
  }

  /** @param ms from when a message was sent up until the lane heard it again */
  roundTrip(way: Way, ms: number): void {
    this.#lanes[way].roundTrips.add(ms)
  }

  /** @returns figures of now; the lists of `delays` are the live ones */
  of(way: Way, totals: LaneTotals, nowMs: number): LaneFigures {
    const { sequence, delays, roundTrips, beganAtMs, chart, messages, payloadBytes } = this.#lanes[way]
    return {
      requests: totals.requests,
      emptyAnswers: totals.emptyAnswers,
      connections: totals.connections,
      bytesUp: totals.bytesUp,
      bytesDown: totals.bytesDown,
      payloadBytes,
      messages,
      delayP50Ms: delays.percentile(50),
      delayP99Ms: delays.percentile(99),
      roundTripP50Ms: roundTrips.percentile(50),
      delays: chart,
      elapsedSeconds: beganAtMs === undefined ? 0 : Math.max(0, nowMs - beganAtMs) / 1_000,
      lost: sequence.lost,
      twice: sequence.twice,
      outOfOrder: sequence.outOfOrder,
    }
  }
}
