import type { Way } from '@tidings/protocol'
import { arrowsLetGoAtOnce, recordBounds } from './bounds.js'
import { AskJoin } from './join.js'
import { setTimes, type TimedArrow } from './timed-arrow.js'
import type { ClockEstimate, ConnectionRecord, ExchangeRecord, Lane, LaneTotals } from './types.js'

/** A lane as it grows. The lists are the live ones: whoever shows them looks again when the version has grown. */
export class LaneRecord implements Lane {
  readonly way: Way
  readonly connections: ConnectionRecord[] = []
  readonly exchanges: ExchangeRecord[] = []
  readonly arrows: TimedArrow[] = []
  readonly totals: { -readonly [Name in keyof LaneTotals]: LaneTotals[Name] } = {
    requests: 0,
    emptyAnswers: 0,
    connections: 0,
    bytesUp: 0,
    bytesDown: 0,
  }
  version = 0
  readonly #clock: () => ClockEstimate | undefined
  readonly #joins = new Map<number, AskJoin>()
  #arrowBytes = 0

  constructor(way: Way, clock: () => ClockEstimate | undefined) {
    this.way = way
    this.#clock = clock
  }

  /** Those that were not used for the longest are forgotten. */
  joinOf(ask: number): AskJoin {
    const join = this.#joins.get(ask) ?? new AskJoin(this.#clock)
    this.#joins.delete(ask)
    this.#joins.set(ask, join)
    if (this.#joins.size > recordBounds.asks) this.#joins.delete(this.#joins.keys().next().value as number)
    return join
  }

  addArrow(arrow: TimedArrow): void {
    setTimes(arrow, this.#clock())
    // An answer is an arrow once it is whole: others may have been sent since it began.
    let at = this.arrows.length
    while (at > 0 && (this.arrows[at - 1] as TimedArrow).serverAtMs > arrow.serverAtMs) at -= 1
    if (at === this.arrows.length) this.arrows.push(arrow)
    else this.arrows.splice(at, 0, arrow)
    this.#arrowBytes += arrow.bytes.length
    this.#letGoOfArrows()
  }

  addConnection(connection: ConnectionRecord): void {
    this.connections.push(connection)
    if (this.connections.length <= recordBounds.connections) return
    letGoOfOldest(this.connections, ({ closedAtMs }) => closedAtMs !== undefined)
  }

  /** @returns the exchange that is let go of for it */
  addExchange(exchange: ExchangeRecord): ExchangeRecord | undefined {
    this.exchanges.push(exchange)
    if (this.exchanges.length <= recordBounds.exchanges) return undefined
    return letGoOfOldest(this.exchanges, ({ endedAtMs }) => endedAtMs !== undefined)
  }

  /** Puts all arrows into the times of a new estimate. */
  retime(): void {
    for (const arrow of this.arrows) setTimes(arrow, this.#clock())
    this.version += 1
  }

  #letGoOfArrows(): void {
    while (this.arrows.length > recordBounds.arrows || this.#arrowBytes > recordBounds.arrowBytes) {
      for (const arrow of this.arrows.splice(0, arrowsLetGoAtOnce)) this.#arrowBytes -= arrow.bytes.length
    }
  }
}

/** What still goes on is kept longer than what is over. */
function letGoOfOldest<T>(list: T[], isOver: (each: T) => boolean): T | undefined {
  const index = list.findIndex(isOver)
  return list.splice(Math.max(0, index), 1)[0]
}
