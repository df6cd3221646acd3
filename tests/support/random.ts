/** Where a random test starts: printed, and given again by `SEED=` to see the same once more. */
export function seedOfRun(): number {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32))
  if (!Number.isSafeInteger(seed)) throw new Error(`SEED=${process.env.SEED} is no whole number`)
  return seed
}

/** Numbers from 0 (included) to 1 (excluded), the same for the same seed. @see mulberry32, Tommy Ettinger */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function pick<T>(random: () => number, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T
}
