import type { LaneFigures } from '../../figures/types.js'
import { formatBytes, formatCount, formatMs } from '../format.js'

/** A figure of a lane by the name that scripts find it by. */
export interface Metric {
  readonly name: string
  readonly title: string
  read(figures: LaneFigures): number | undefined
  format(value: number | undefined): string
}

const count = (value: number | undefined) => formatCount(value ?? 0)
const bytes = (value: number | undefined) => formatBytes(value ?? 0)

/** In three columns: what came, what it took, how late it was. */
export const laneMetrics: readonly Metric[] = [
  { name: 'messages', title: 'messages', read: (figures) => figures.messages, format: count },
  { name: 'requests', title: 'requests', read: (figures) => figures.requests, format: count },
  { name: 'empty-answers', title: 'empty', read: (figures) => figures.emptyAnswers, format: count },
  { name: 'connections', title: 'connections', read: (figures) => figures.connections, format: count },
  { name: 'bytes-up', title: 'bytes up', read: (figures) => figures.bytesUp, format: bytes },
  { name: 'bytes-down', title: 'bytes down', read: (figures) => figures.bytesDown, format: bytes },
  { name: 'payload-bytes', title: 'payload', read: (figures) => figures.payloadBytes, format: bytes },
  { name: 'delay-p50', title: 'delay p50', read: (figures) => figures.delayP50Ms, format: formatMs },
  { name: 'delay-p99', title: 'delay p99', read: (figures) => figures.delayP99Ms, format: formatMs },
]
