import type { Check, Facts, Finding, Verdict } from './check.js'
import type { CheckId } from './check-id.js'
import { overallOf } from './overall.js'

export interface Circumstances {
  readonly checkedAt: Date
  readonly userAgent: string
  /** The page's: `https://host:port`. */
  readonly origin: string
  /** An ALPN identifier, or empty. */
  readonly httpVersion: string
}

/** What is shared: no secrets, and no addresses of machines. */
export interface Report {
  readonly report: 'tidings-network-check'
  /** RFC 3339. */
  readonly checkedAt: string
  readonly page: string
  readonly httpVersion: string
  readonly userAgent: string
  readonly verdict: Verdict
  readonly sentence: string
  readonly findings: readonly ReportedFinding[]
}

export interface ReportedFinding {
  readonly check: CheckId
  readonly title: string
  readonly verdict: Verdict
  readonly evidence: string
  readonly advice?: string
  readonly facts: Facts
}

/** @param checks what has a finding is reported, in this order */
export function reportOf(
  checks: readonly Check[],
  findings: ReadonlyMap<CheckId, Finding>,
  { checkedAt, userAgent, origin, httpVersion }: Circumstances,
): Report {
  const { verdict, sentence } = overallOf(findings)
  return {
    report: 'tidings-network-check',
    checkedAt: checkedAt.toISOString(),
    page: withoutAddress(origin),
    httpVersion: httpVersion === '' ? 'unknown' : httpVersion,
    userAgent,
    verdict,
    sentence,
    findings: checks.flatMap(({ id, title }) => {
      const finding = findings.get(id)
      return finding ? [{ check: id, title, ...finding }] : []
    }),
  }
}

/** Loopback addresses say nothing of a machine. */
const loopback = /^(127\.\d+\.\d+\.\d+|\[::1\])$/
const address = /^(\d+\.\d+\.\d+\.\d+|\[.*\])$/

/** An origin with its host's name, but not with an address that it has instead. */
export function withoutAddress(origin: string): string {
  const { protocol, hostname, port } = new URL(origin)
  if (!address.test(hostname) || loopback.test(hostname)) return origin
  return `${protocol}//an-address${port === '' ? '' : `:${port}`}`
}

export const verdictWords: Readonly<Record<Verdict, string>> = {
  works: 'works',
  'works-with-trouble': 'works, with trouble',
  broken: 'broken',
  skipped: 'not tried',
}

/** For a mail or an issue. */
export function reportText(report: Report): string {
  const { checkedAt, page, httpVersion, userAgent, sentence, findings } = report
  const head = [
    'Tidings network check',
    sentence,
    '',
    `date     ${checkedAt}`,
    `page     ${page}`,
    `version  ${httpVersion}`,
    `browser  ${userAgent}`,
  ]
  return `${[...head, ...findings.flatMap(sayFinding)].join('\n')}\n`
}

function sayFinding({ title, verdict, evidence, advice, facts }: ReportedFinding): string[] {
  const numbers = Object.entries(facts).map(([name, value]) => `${name}=${value}`)
  return [
    '',
    `${title}: ${verdictWords[verdict]}`,
    `  ${evidence}`,
    ...(advice === undefined ? [] : [`  To change: ${advice}`]),
    ...(numbers.length === 0 ? [] : [`  ${numbers.join(' ')}`]),
  ]
}
