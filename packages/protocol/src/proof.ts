/** Where a client proves that event streams pass: this and an id that it chooses at random. */
export const proofPath = '/v1/proof/'

/** @returns whether it is long enough that nobody else chooses the same one, and stands in a path as it is */
export function isProofId(text: string): boolean {
  return /^[\w-]{16,64}$/.test(text)
}

/** What the answer to the POST holds, as JSON: what was said on the stream. */
export interface ProofAnswer {
  readonly nonce: string
}
