/**
 * What the checks may pass over, each with its reason. Printed at each run; one that is no longer needed is
 * itself a finding. (Biome's own are `biome-ignore` comments, which demand a reason too.)
 *
 * @type {{ rule: string, file: string, reason: string }[]}
 */
export const exemptions = []
