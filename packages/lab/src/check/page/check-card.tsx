import { sayDelay } from '../../advice/words.js'
import type { Check } from '../check.js'
import { verdictWords } from '../report.js'
import type { CheckState } from '../run-checks.js'
import { Sentence } from './sentence.js'
import { VerdictMark } from './verdict-mark.js'

interface CheckCardProps {
  readonly check: Check
  readonly state: CheckState
}

export function CheckCard({ check, state }: CheckCardProps) {
  const verdict = state.kind === 'done' ? state.finding.verdict : undefined
  const titleId = `check-${check.id}`
  return (
    <li
      class="card check"
      data-check={check.id}
      data-state={state.kind}
      data-verdict={verdict}
      aria-labelledby={titleId}
    >
      <VerdictMark verdict={verdict} isBusy={state.kind === 'running'} />
      <div class="check-words">
        <header>
          <h3 id={titleId}>{check.title}</h3>
          <p class="check-verdict">{sayState(state)}</p>
        </header>
        <p class="check-asks">{check.asks}</p>
        {state.kind === 'done' && <FindingWords state={state} />}
      </div>
    </li>
  )
}

function sayState(state: CheckState): string {
  switch (state.kind) {
    case 'waiting':
      return 'waits for its turn'
    case 'running':
      return state.note
    case 'stopped':
      return 'stopped'
    case 'done':
      return verdictWords[state.finding.verdict]
  }
}

function FindingWords({ state }: { readonly state: Extract<CheckState, { kind: 'done' }> }) {
  const { finding, tookMs } = state
  return (
    <>
      <p class="check-evidence">
        <Sentence text={finding.evidence} />
      </p>
      {finding.advice !== undefined && (
        <p class="check-advice">
          <strong>To change.</strong> <Sentence text={finding.advice} />
        </p>
      )}
      <p class="check-took">Took {sayDelay(tookMs)}.</p>
    </>
  )
}
