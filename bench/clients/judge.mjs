/** Of the lost ones so many are named. */
const mostNamed = 20

/**
 * Numbers are counted from the first one that was heard: who joins later misses nothing.
 *
 * @param numbers  as they were heard
 * @param sent     `acknowledged`, in their order, and `unsure`: those that were published again after an error
 */
export function judge(numbers, { acknowledged, unsure }) {
  const seen = new Set()
  let repeated = 0
  let disordered = 0
  let largest = -1
  for (const n of numbers) {
    if (seen.has(n)) repeated += unsure.has(n) ? 0 : 1
    else if (n < largest) disordered++
    seen.add(n)
    largest = Math.max(largest, n)
  }
  const first = numbers[0] ?? 0
  const due = acknowledged.filter((n) => n >= first)
  const missing = due.filter((n) => !seen.has(n))
  const lost = missing.length
  return {
    published: due.length,
    lost,
    missing: missing.slice(0, mostNamed),
    repeated,
    disordered,
    unsure: unsure.size,
  }
}
