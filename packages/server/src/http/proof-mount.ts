import { isProofId, Problem, proofPath } from '@tidings/protocol'
import { Proofs, type Station } from '../transports/index.js'
import { methodNotAllowed } from './method-not-allowed.js'
import type { Mount } from './mount.js'
import type { Visit } from './visit.js'

/** The proofs that event streams pass, beside the channels. */
export class ProofMount implements Mount {
  readonly prefix = proofPath
  readonly #proofs: Proofs
  readonly #maxBodyBytes: number

  constructor(station: Station) {
    this.#proofs = new Proofs(station)
    this.#maxBodyBytes = station.settings.maxBodyBytes
  }

  /** @throws Problem `method-not-allowed`, `proof-invalid`, and what `Proofs` throws */
  async answer({ request, exchange }: Visit, pathname: string): Promise<void> {
    const { method } = request
    if (method !== 'GET' && method !== 'POST') throw methodNotAllowed('GET, POST, OPTIONS')
    const id = pathname.slice(proofPath.length)
    if (!isProofId(id)) {
      throw new Problem(
        'proof-invalid',
        `A proof is at ${proofPath}<id>; the id is 16 to 64 of A-Z, a-z, 0-9, _ and -, chosen at random.`,
      )
    }
    if (method === 'GET') {
      this.#proofs.open(exchange, id)
      return
    }
    // Whatever it holds: to the end of it the client can't be seen to go away.
    await exchange.readBody(this.#maxBodyBytes)
    exchange.letGoOfBody()
    this.#proofs.ask(exchange, id)
  }
}
