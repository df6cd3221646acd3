import type { Problem } from '@tidings/protocol'
import { type Costs, type Purpose, purposes } from '../observe/index.js'
import type { Account } from '../transports/index.js'
import { asProblem } from './problem-answer.js'

/** The accounts of a server, one for each purpose. */
export function purposeAccounts(
  costs: Costs,
  onMistake: (error: unknown) => void,
): Readonly<Record<Purpose, Account>> {
  const accounts = purposes.map((purpose) => [purpose, new PurposeAccount(costs, purpose, onMistake)])
  return Object.fromEntries(accounts) as Record<Purpose, Account>
}

class PurposeAccount implements Account {
  readonly #costs: Costs
  readonly #purpose: Purpose
  readonly #onMistake: (error: unknown) => void

  constructor(costs: Costs, purpose: Purpose, onMistake: (error: unknown) => void) {
    this.#costs = costs
    this.#purpose = purpose
    this.#onMistake = onMistake
  }

  countPayload(bytes: number): void {
    this.#costs.payload(this.#purpose, bytes)
  }

  problemOf(error: unknown): Problem {
    return asProblem(error, this.#onMistake)
  }
}
