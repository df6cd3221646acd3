import { useEffect, useState } from 'preact/hooks'
import { copyText } from '../../page/state/copy.js'
import { httpVersionOfPage } from '../browser-context.js'
import { stages } from '../checks/index.js'
import { reportOf, reportText } from '../report.js'
import { type CheckRunView, findingsOf } from './use-check-run.js'

/** How long it is said that something was copied, milliseconds. */
const shownMs = 2_000

/** Of the report are shown at once. */
const reportRows = 16

/** The report to share, once there is one. */
export function ReportPanel({ run }: { readonly run: CheckRunView }) {
  const { checkedAt } = run
  if (checkedAt === undefined) return null
  const report = reportOf(stages.flat(), findingsOf(run.states), {
    checkedAt,
    userAgent: navigator.userAgent,
    origin: location.origin,
    httpVersion: httpVersionOfPage(),
  })
  const text = reportText(report)
  return (
    <section class="report" aria-labelledby="report-title">
      <div class="section-head">
        <h2 id="report-title">Report to share</h2>
        <div class="report-actions">
          <CopyReport text={text} />
          <button
            type="button"
            class="button"
            onClick={() =>
              download(`tidings-network-check-${fileTime(checkedAt)}.json`, JSON.stringify(report, null, 2))
            }
          >
            Download JSON
          </button>
        </div>
      </div>
      <p class="lead">
        Has the browser’s name and the page’s origin, and no addresses, cookies or messages of anybody.
      </p>
      <textarea
        class="card report-text"
        readOnly
        rows={reportRows}
        aria-label="The report as text"
        value={text}
      />
    </section>
  )
}

function CopyReport({ text }: { readonly text: string }) {
  const [result, setResult] = useState<'copied' | 'failed' | undefined>(undefined)
  useEffect(() => {
    if (result === undefined) return
    const timer = setTimeout(() => setResult(undefined), shownMs)
    return () => clearTimeout(timer)
  }, [result])
  const copy = async () => setResult((await copyText(text)) ? 'copied' : 'failed')
  return (
    <>
      <button type="button" class="button" onClick={() => void copy()}>
        {result === 'copied' ? '✓ Copied' : result === 'failed' ? 'Not copied' : 'Copy as text'}
      </button>
      <span class="off-screen" role="status">
        {result === 'copied'
          ? 'The report is copied.'
          : result === 'failed'
            ? 'The report could not be copied.'
            : ''}
      </span>
    </>
  )
}

/** `20300131T120000Z`: no character that a file's name must not have. */
function fileTime(time: Date): string {
  return time.toISOString().replace(/[-:]|\.\d+/g, '')
}

function download(name: string, json: string): void {
  const url = URL.createObjectURL(new Blob([`${json}\n`], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
