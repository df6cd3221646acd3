/** A promise of our own is broken: nothing that follows can be trusted. */
export class InvariantBroken extends Error {
  override readonly name = 'InvariantBroken'
}

/** @throws InvariantBroken, which nobody is to go on from */
export function invariant(condition: boolean, promise: string): asserts condition {
  if (!condition) throw new InvariantBroken(promise)
}
