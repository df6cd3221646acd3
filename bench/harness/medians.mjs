/**
 * @param rows      from `runRounds`
 * @param scenario  whose `figures` say what to take the median of, and which is the main one
 * @returns the rows with `medians` by figure, and `ratio`: how many times better ours is in the main figure
 */
export function withMedians(rows, scenario) {
  const summed = rows.map((row) => ({ ...row, ...mediansOf(row, scenario) }))
  return summed.map((row) => ({ ...row, ratio: ratioOf(row, summed, scenario) }))
}

/** @returns the rounds of a row in which nothing could be measured, as when a message was lost: no part of a median, but told */
export function failedRounds({ rounds = [] }, key) {
  return rounds.filter((round) => round.failure && round[key] === undefined)
}

function mediansOf({ absent, rounds }, { figures }) {
  if (absent) return {}
  const failed = failedRounds({ rounds }, figures[0].key)
  const good = rounds.filter((round) => !failed.includes(round))
  const medians = Object.fromEntries(figures.map(({ key }) => [key, median(good.map((round) => round[key]))]))
  const spread = figures.map(({ key }) => good.map((round) => round[key]).filter(isNumber))
  return {
    medians,
    smallest: Math.min(...spread[0]),
    largest: Math.max(...spread[0]),
    failure: rounds.find(({ failure }) => failure)?.failure,
  }
}

/** Ours is our first row of the case: the default form. */
function ratioOf(row, rows, { figures: [{ key, isLowerBetter }] }) {
  if (row.peer === 'tidings' || !row.medians) return undefined
  const ours = rows.find((each) => each.case === row.case && each.peer === 'tidings')?.medians?.[key]
  const theirs = row.medians[key]
  if (!isNumber(ours) || !isNumber(theirs)) return undefined
  return isLowerBetter ? theirs / ours : ours / theirs
}

export function median(values) {
  const sorted = values.filter(isNumber).sort((a, b) => a - b)
  if (sorted.length === 0) return undefined
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

function isNumber(value) {
  return typeof value === 'number' && Number.isFinite(value)
}
