/**
 * What a check found.
 *
 * @typedef {{ rule: string, file: string, line?: number, message: string }} Finding
 */

/** Takes away what is exempt; an exemption that takes nothing away becomes a finding. */
export function applyExemptions(found, exemptions) {
  const isExempt = (finding, exemption) => finding.rule === exemption.rule && finding.file === exemption.file
  const exempted = exemptions.map((exemption) => ({
    exemption,
    count: found.filter((finding) => isExempt(finding, exemption)).length,
  }))
  const findings = found.filter((finding) => !exemptions.some((exemption) => isExempt(finding, exemption)))
  const stale = exempted
    .filter(({ count }) => count === 0)
    .map(({ exemption }) => ({
      rule: 'exemption-not-needed',
      file: exemption.file,
      message: `nothing breaks ${exemption.rule} any more; remove the exemption`,
    }))
  return { findings: [...findings, ...stale], exempted: exempted.filter(({ count }) => count > 0) }
}
