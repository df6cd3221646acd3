import type { Difference } from './answer.js'
import type { Kind } from './kind.js'
import { kindOf } from './kinds.js'
import { learn } from './learning.js'
import { channelsOf, type Operation } from './operation.js'
import { type Exchange, Pair } from './pair.js'

/** A difference that no kind explains. */
export interface Unexplained {
  readonly exchange: Exchange
  readonly difference: Difference
}

/** Sends operations to both servers and sorts what differs. */
export class Run {
  readonly pair: Pair
  readonly counts = new Map<Kind, number>()
  /** By method and status, how often both gave the same. */
  readonly agreed = new Map<string, number>()

  constructor(pair: Pair) {
    this.pair = pair
  }

  async send(operation: Operation): Promise<Unexplained | undefined> {
    for (const exchange of await this.pair.run(operation)) {
      const kinds: Kind[] = []
      for (const difference of exchange.differences) {
        const kind = kindOf(difference, exchange)
        if (!kind) return { exchange, difference }
        this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
        kinds.push(kind)
      }
      learn(exchange)
      if (kinds.some(({ parts }) => parts)) this.#part(exchange.operation)
      if (exchange.here.status !== exchange.reference.status) continue
      const answer = `${exchange.operation.method} ${exchange.here.status}`
      this.agreed.set(answer, (this.agreed.get(answer) ?? 0) + 1)
    }
    return undefined
  }

  #part(operation: Operation): void {
    for (const name of channelsOf(operation)) {
      const family = this.pair.world.familyOf(name)
      if (family) this.pair.world.retire(family)
    }
  }
}

/** @returns the unexplained difference that these operations lead to on new servers, if they do */
export async function replay(
  operations: readonly Operation[],
  longPollMs: number,
): Promise<Unexplained | undefined> {
  const run = new Run(await Pair.start(longPollMs))
  try {
    for (const operation of operations) {
      const unexplained = await run.send(operation)
      if (unexplained) return unexplained
    }
    return undefined
  } finally {
    await run.pair.end()
  }
}
