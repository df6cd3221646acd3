import { type Way, ways } from '@tidings/protocol'
import { countPlainLines } from '../../advice/snippets.js'
import type { Prediction } from '../../figures/index.js'
import type { LaneFigures } from '../../figures/types.js'
import { formatBytes, formatCount, formatMs, nothing } from '../format.js'
import type { ExpectedTotals } from './expected-book.js'

/** What a row of the table is made from, per way. */
export interface LaneCosts {
  readonly figures: LaneFigures
  readonly expected: ExpectedTotals
  readonly prediction: Prediction
}

export interface CostCell {
  readonly text: string
  readonly isBest: boolean
  /** `≈ 120`; absent where nothing is predicted. */
  readonly expected?: string
  /** The arithmetic, in a sentence. */
  readonly because?: string
}

export interface CostRow {
  readonly name: string
  readonly title: string
  readonly cells: Readonly<Record<Way, CostCell>>
}

interface RowKind {
  readonly name: string
  readonly title: string
  readonly measured: (costs: LaneCosts, way: Way) => number | undefined
  readonly format: (value: number | undefined) => string
  readonly expected?: (costs: LaneCosts) => { readonly value: number; readonly because: string }
  /** How the best is found, the least wins: as it is, or for each message, since lanes may have heard unequally long. */
  readonly rank?: 'value' | 'per-message'
  /** What differs from the least by no more than this is as good: noise, or chance. */
  readonly alike?: number
}

const count = (value: number | undefined) => (value === undefined ? nothing : formatCount(value))
const bytes = (value: number | undefined) => (value === undefined ? nothing : formatBytes(value))
const overheadOf = (costs: { bytesUp: number; bytesDown: number; payloadBytes: number }) =>
  Math.max(0, costs.bytesUp + costs.bytesDown - costs.payloadBytes)

/** Of a clock's estimate and a browser's scheduling. */
const noiseMs = 3

const rowKinds: readonly RowKind[] = [
  {
    name: 'messages',
    title: 'Messages heard',
    measured: ({ figures }) => figures.messages,
    format: count,
  },
  {
    name: 'requests',
    title: 'Requests',
    measured: ({ figures }) => figures.requests,
    format: count,
    expected: ({ expected, prediction }) => ({
      value: expected.requests,
      because: prediction.requestsPerSecond.because,
    }),
    rank: 'per-message',
  },
  {
    name: 'empty-answers',
    title: 'Empty answers',
    measured: ({ figures }) => figures.emptyAnswers,
    format: count,
    expected: ({ expected, prediction }) => ({
      value: expected.emptyAnswers,
      because: prediction.emptyAnswersPerSecond.because,
    }),
    rank: 'per-message',
  },
  {
    name: 'connections',
    title: 'Connections opened',
    measured: ({ figures }) => figures.connections,
    format: count,
    expected: ({ expected, prediction }) => ({
      value: expected.connections,
      because: prediction.connectionsPerSecond.because,
    }),
    // Whether a lane opens one of its own or takes one that the page had left is the browser's choice.
    rank: 'value',
    alike: 1,
  },
  {
    name: 'bytes-up',
    title: 'Bytes up',
    measured: ({ figures }) => figures.bytesUp,
    format: bytes,
    expected: ({ expected, prediction }) => ({
      value: expected.bytesUp,
      because: prediction.bytesUpPerSecond.because,
    }),
    rank: 'per-message',
  },
  {
    name: 'bytes-down',
    title: 'Bytes down',
    measured: ({ figures }) => figures.bytesDown,
    format: bytes,
    expected: ({ expected, prediction }) => ({
      value: expected.bytesDown,
      because: prediction.bytesDownPerSecond.because,
    }),
    rank: 'per-message',
  },
  {
    name: 'payload',
    title: 'of which payload',
    measured: ({ figures }) => figures.payloadBytes,
    format: bytes,
    expected: ({ expected, prediction }) => ({
      value: expected.payloadBytes,
      because: prediction.payloadShare.because,
    }),
  },
  {
    name: 'overhead',
    title: 'of which overhead',
    measured: ({ figures }) => overheadOf(figures),
    format: bytes,
    expected: ({ expected }) => ({
      value: overheadOf(expected),
      because: 'bytes up and down, without the messages’ own',
    }),
    rank: 'per-message',
  },
  {
    name: 'delay-p50',
    title: 'Delay, p50',
    measured: ({ figures }) => figures.delayP50Ms,
    format: formatMs,
    expected: ({ prediction }) => prediction.delayP50Ms,
    rank: 'value',
    alike: noiseMs,
  },
  {
    name: 'delay-p99',
    title: 'Delay, p99',
    measured: ({ figures }) => figures.delayP99Ms,
    format: formatMs,
    expected: ({ prediction }) => prediction.delayP99Ms,
    rank: 'value',
    alike: noiseMs,
  },
  {
    name: 'round-trip',
    title: 'Round trip of what you say',
    measured: ({ figures }) => figures.roundTripP50Ms,
    format: formatMs,
    rank: 'value',
    alike: noiseMs,
  },
  {
    name: 'lines',
    title: 'Lines of a plain client',
    measured: (_, way) => countPlainLines(way),
    format: count,
    rank: 'value',
  },
]

export function costRows(lanes: Readonly<Record<Way, LaneCosts>>): readonly CostRow[] {
  return rowKinds.map((kind) => {
    const best = bestOf(kind, lanes)
    const cells = Object.fromEntries(
      ways.map((way) => [way, cellOf(kind, lanes[way], way, best.includes(way))]),
    )
    return { name: kind.name, title: kind.title, cells: cells as Record<Way, CostCell> }
  })
}

function cellOf(kind: RowKind, costs: LaneCosts, way: Way, isBest: boolean): CostCell {
  const text = kind.format(kind.measured(costs, way))
  if (!kind.expected) return { text, isBest }
  const { value, because } = kind.expected(costs)
  return { text, isBest, expected: `≈ ${kind.format(value)}`, because }
}

/** The ways that share the least; none when all four do, since then nothing is told apart. */
function bestOf(
  { rank, alike = 0, measured }: RowKind,
  lanes: Readonly<Record<Way, LaneCosts>>,
): readonly Way[] {
  if (rank === undefined) return []
  const scores = ways.flatMap((way) => {
    const value = measured(lanes[way], way)
    const { messages } = lanes[way].figures
    if (value === undefined || (rank === 'per-message' && messages === 0)) return []
    return [{ way, score: rank === 'per-message' ? value / messages : value }]
  })
  const least = Math.min(...scores.map(({ score }) => score))
  const best = scores.filter(({ score }) => score <= least + alike).map(({ way }) => way)
  return scores.length < 2 || best.length === scores.length ? [] : best
}
