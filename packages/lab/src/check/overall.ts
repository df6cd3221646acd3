import { type Way, ways } from '@tidings/protocol'
import { capitalized, wayName } from '../advice/words.js'
import type { Finding, Verdict } from './check.js'
import { type CheckId, checkIds } from './check-id.js'

export type Findings = ReadonlyMap<CheckId, Finding>

export interface Overall {
  /** Of the four ways; `skipped` when nothing is known of them. */
  readonly verdict: Verdict
  /** One sentence. */
  readonly sentence: string
  /** What to change, what is broken first; each once. */
  readonly changes: readonly Change[]
}

export interface Change {
  /** The check that asks for it; the first, when there are several. */
  readonly check: CheckId
  readonly advice: string
}

/** What to take where another way does not pass: the first that works. Polls are asked for by name where they are all there is. */
const instead: readonly Way[] = ['sse', 'websocket', 'long-poll', 'short-poll']

/** What the findings come to: about the ways first, since they are what an app needs. */
export function overallOf(findings: Findings): Overall {
  const changes = changesOf(findings)
  const tried = ways.filter((way) => isKnown(findings.get(way)))
  const broken = tried.filter((way) => findings.get(way)?.verdict === 'broken')
  const passing = tried.filter((way) => !broken.includes(way))
  const troubled = passing.filter((way) => findings.get(way)?.verdict === 'works-with-trouble')
  if (tried.length === 0) return { ...withoutWays(findings), changes }
  if (passing.length === 0) {
    return {
      verdict: 'broken',
      sentence: `${capitalized(list(broken))} ${verb(broken, 'does not pass', 'do not pass')}, and nothing else was found to.`,
      changes,
    }
  }
  if (broken.length > 0) {
    const next = instead.find((way) => passing.includes(way) && !troubled.includes(way)) ?? passing[0]
    const sentence = `${capitalized(list(broken))} ${verb(broken, 'does not pass', 'do not pass')}: use ${next === undefined ? 'another' : wayName[next]}.`
    return { verdict: 'broken', sentence, changes }
  }
  const scope =
    tried.length === ways.length
      ? 'All four ways work here'
      : `${capitalized(list(passing))} ${verb(passing, 'works', 'work')} here`
  const troubles = [
    ...(troubled.length > 0 ? [`${list(troubled)} with trouble`] : []),
    ...(doesNotLast(findings) ? ['idle connections do not last'] : []),
  ]
  if (troubles.length === 0) return { verdict: 'works', sentence: `${scope}.`, changes }
  return { verdict: 'works-with-trouble', sentence: `${scope}, ${troubles.join('; ')}.`, changes }
}

function isKnown(finding: Finding | undefined): boolean {
  return finding !== undefined && finding.verdict !== 'skipped'
}

function doesNotLast(findings: Findings): boolean {
  const verdict = findings.get('idle')?.verdict
  return verdict === 'works-with-trouble' || verdict === 'broken'
}

function withoutWays(findings: Findings): Omit<Overall, 'changes'> {
  const others = [...findings.values()].filter(isKnown)
  if (others.length === 0) return { verdict: 'skipped', sentence: 'Nothing could be found out.' }
  const worst = (['broken', 'works-with-trouble'] as const).find((verdict) =>
    others.some((finding) => finding.verdict === verdict),
  )
  const sentence =
    worst === undefined
      ? 'What was tried works here.'
      : 'Of what was tried, not all works without trouble here.'
  return { verdict: worst ?? 'works', sentence }
}

const urgency: Readonly<Record<Verdict, number>> = {
  broken: 0,
  'works-with-trouble': 1,
  skipped: 2,
  works: 3,
}

function changesOf(findings: Findings): Change[] {
  const changes = checkIds
    .flatMap((check) => {
      const finding = findings.get(check)
      return finding?.advice === undefined
        ? []
        : [{ check, advice: finding.advice, verdict: finding.verdict }]
    })
    .sort((one, other) => urgency[one.verdict] - urgency[other.verdict])
    .map(({ check, advice }) => ({ check, advice }))
  return changes.filter(({ advice }, index) => changes.findIndex((each) => each.advice === advice) === index)
}

function list(named: readonly Way[]): string {
  const names = named.map((way) => wayName[way])
  const last = names.pop() ?? ''
  return names.length === 0 ? last : `${names.join(', ')} and ${last}`
}

function verb(of: readonly Way[], one: string, several: string): string {
  return of.length === 1 ? one : several
}
