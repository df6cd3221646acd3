/** Codings that answers are given in, the one that is preferred first: br makes less of the same, as fast. */
export const codings = ['br', 'gzip'] as const
export type Coding = (typeof codings)[number]

/** How an answer may be given: coded, or as it is. */
export type Representation = Coding | 'identity'

/** An older name of the same coding. @see RFC 9110 §8.4.1.3 */
const aliases: Readonly<Record<string, string>> = { 'x-gzip': 'gzip' }

/**
 * The representations that a client takes, best first. Who says nothing gets answers as they are: it might take
 * any coding, but what says nothing is a program that would not know what to do with one.
 *
 * @param acceptEncoding the header's value; what is malformed in it allows nothing
 * @returns at least one: as it is, for a client that refuses all that there is
 * @see RFC 9110 §12.5.3, §12.4.2
 */
export function acceptedRepresentations(acceptEncoding: string | undefined): readonly Representation[] {
  if (acceptEncoding === undefined) return ['identity']
  const weights = weightsOf(acceptEncoding)
  const others = weights.get('*')
  const weighed: { as: Representation; weight: number }[] = codings.map((as) => ({
    as,
    weight: weights.get(as) ?? others ?? 0,
  }))
  // It is allowed unless it is refused by name or by `*`, and without a weight it comes last.
  weighed.push({ as: 'identity', weight: weights.get('identity') ?? others ?? Number.MIN_VALUE })
  const accepted = weighed.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight)
  return accepted.length > 0 ? accepted.map(({ as }) => as) : ['identity']
}

function weightsOf(acceptEncoding: string): Map<string, number> {
  const weights = new Map<string, number>()
  for (const element of acceptEncoding.split(',')) {
    const [name = '', ...parameters] = element.split(';').map((part) => part.trim().toLowerCase())
    if (name === '' && parameters.length === 0) continue
    const coding = aliases[name] ?? name
    const weight = weightOf(parameters)
    // Named twice, it is allowed when both allow it.
    weights.set(coding, Math.min(weight, weights.get(coding) ?? 1))
  }
  return weights
}

function weightOf([parameter, ...more]: readonly string[]): number {
  if (parameter === undefined) return 1
  const weight = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.exec(parameter)?.[1]
  return weight === undefined || more.length > 0 ? 0 : Number(weight)
}
