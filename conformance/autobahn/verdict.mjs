/** What the suite calls a case that went as the RFC demands, or where that demands nothing. */
const good = new Set(['OK', 'INFORMATIONAL'])

/**
 * Holds what the suite found against the differences that are meant. A listed case has to end as listed, with
 * the close code that is listed: one that passes after all is a failure too, so that the list stays true.
 *
 * @param outcomes  by the case's number: `behavior`, `behaviorClose`, `remoteCloseCode`
 * @param expected  groups of `{ reason, behavior, closeCode, cases }`
 */
export function judge(outcomes, expected, { isWhole }) {
  const listed = new Map(expected.flatMap((group) => group.cases.map((id) => [id, group])))
  const differences = []
  const failures = []
  let passed = 0
  for (const [id, outcome] of Object.entries(outcomes)) {
    const group = listed.get(id)
    const said = `${outcome.behavior}, close ${outcome.behaviorClose} (${outcome.remoteCloseCode})`
    if (group) {
      if (outcome.behavior === group.behavior && outcome.remoteCloseCode === group.closeCode) {
        differences.push({ id, reason: group.reason })
      } else {
        const meant = `${group.behavior} with close code ${group.closeCode}`
        failures.push({ id, why: `${said}; the list of differences says ${meant}` })
      }
    } else if (good.has(outcome.behavior) && good.has(outcome.behaviorClose)) passed++
    else failures.push({ id, why: said })
  }
  if (isWhole) {
    for (const id of listed.keys()) {
      if (!(id in outcomes)) failures.push({ id, why: 'is listed and was not run' })
    }
  }
  return { passed, failures, differences }
}
