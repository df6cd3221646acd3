import type { ComponentChildren } from 'preact'
import { stages } from '../checks/index.js'
import { type Overall, overallOf } from '../overall.js'
import { Sentence } from './sentence.js'
import { type CheckRunView, findingsOf } from './use-check-run.js'
import { VerdictMark } from './verdict-mark.js'

interface VerdictPanelProps {
  readonly run: CheckRunView
  /** What the visitor can do about it. */
  readonly children: ComponentChildren
}

/** What it comes to. The sentence is a live region: it is read out when it changes, and not with each step. */
export function VerdictPanel({ run, children }: VerdictPanelProps) {
  const overall = run.checkedAt === undefined ? undefined : overallOf(findingsOf(run.states))
  const done = [...run.states.values()].filter(({ kind }) => kind === 'done').length
  return (
    <section
      class="card verdict-panel"
      aria-labelledby="verdict-title"
      data-verdict-overall={overall?.verdict}
    >
      <VerdictMark verdict={overall?.verdict} isBusy={run.isRunning} />
      <div class="verdict-panel-words">
        <h2 id="verdict-title">
          <span role="status">
            {overall === undefined ? 'Your network is being tried.' : sayVerdict(overall, run.isStopped)}
          </span>
        </h2>
        <div class="verdict-progress">
          <progress value={done} max={Math.max(1, run.states.size)} aria-label="Checks that are done" />
          <span>
            {done} of {run.states.size} done
          </span>
        </div>
        {children}
      </div>
      {overall !== undefined && overall.changes.length > 0 && <Changes overall={overall} />}
    </section>
  )
}

const titles = new Map(stages.flat().map(({ id, title }) => [id, title]))

function sayVerdict({ sentence }: Overall, isStopped: boolean): string {
  return isStopped ? `Stopped before the end. So far: ${sentence}` : sentence
}

function Changes({ overall }: { readonly overall: Overall }) {
  return (
    <div class="changes">
      <h3>{overall.verdict === 'works' ? 'Worth knowing' : 'What to change'}</h3>
      <ul>
        {overall.changes.map(({ check, advice }) => (
          <li key={check}>
            <strong>{titles.get(check)}.</strong> <Sentence text={advice} />
          </li>
        ))}
      </ul>
    </div>
  )
}
