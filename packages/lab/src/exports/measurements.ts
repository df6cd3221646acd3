import type { Way, Workload } from '@tidings/protocol'
import { ways } from '@tidings/protocol'
import type { LaneFigures } from '../figures/types.js'
import type { ClockEstimate } from '../record/types.js'
import type { LaneSettings } from '../workload/lane-settings.js'
import { type CsvCell, formatCsv } from './csv.js'

/** What was measured, and all that it takes to measure it again. */
export interface Measurements {
  /** RFC 3339. */
  readonly takenAt: string
  readonly serverOrigin: string
  readonly userAgent: string
  readonly clock: ClockEstimate | undefined
  readonly settings: LaneSettings
  readonly workload: Workload
  readonly lanes: Readonly<Record<Way, LaneFigures>>
}

/** One line of a table: what was measured of a way, under which circumstances. */
export interface MeasurementRow {
  readonly way: Way
  readonly figures: LaneFigures
  readonly circumstances: Omit<Measurements, 'lanes'>
}

export function measurementRows(measurements: Measurements): readonly MeasurementRow[] {
  const { lanes, ...circumstances } = measurements
  return ways.map((way) => ({ way, figures: lanes[way], circumstances }))
}

/** Columns with their units in their names. The chart's single delays are in the JSON only. */
const columns: Readonly<Record<string, (row: MeasurementRow) => CsvCell>> = {
  way: (row) => row.way,
  elapsed_s: (row) => row.figures.elapsedSeconds,
  requests: (row) => row.figures.requests,
  empty_answers: (row) => row.figures.emptyAnswers,
  connections: (row) => row.figures.connections,
  up_bytes: (row) => row.figures.bytesUp,
  down_bytes: (row) => row.figures.bytesDown,
  payload_bytes: (row) => row.figures.payloadBytes,
  messages: (row) => row.figures.messages,
  delay_p50_ms: (row) => row.figures.delayP50Ms,
  delay_p99_ms: (row) => row.figures.delayP99Ms,
  round_trip_p50_ms: (row) => row.figures.roundTripP50Ms,
  lost: (row) => row.figures.lost,
  twice: (row) => row.figures.twice,
  out_of_order: (row) => row.figures.outOfOrder,
  messages_per_second: (row) => row.circumstances.workload.messagesPerSecond,
  burst: (row) => row.circumstances.workload.burst,
  message_bytes: (row) => row.circumstances.workload.messageBytes,
  other_readers: (row) => row.circumstances.workload.readers[row.way],
  poll_interval_ms: (row) => row.circumstances.settings.pollIntervalMs,
  hold_s: (row) => row.circumstances.settings.holdSeconds,
  keep_alive: (row) => (row.circumstances.settings.isKeptAlive ? 'on' : 'off'),
  clock_offset_ms: (row) => row.circumstances.clock?.offsetMs,
  clock_error_ms: (row) => row.circumstances.clock?.errorMs,
  taken_at: (row) => row.circumstances.takenAt,
  server_origin: (row) => row.circumstances.serverOrigin,
  user_agent: (row) => row.circumstances.userAgent,
}

export function measurementsCsv(rows: readonly MeasurementRow[]): string {
  const cells = rows.map((row) => Object.values(columns).map((read) => read(row)))
  return formatCsv(Object.keys(columns), cells)
}

export function measurementsJson(measurements: Measurements): string {
  return `${JSON.stringify(measurements, undefined, 2)}\n`
}
