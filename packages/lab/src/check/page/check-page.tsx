import { labPath } from '@tidings/protocol'
import { useEffect, useState } from 'preact/hooks'
import { stages } from '../checks/index.js'
import { type CheckSettings, readSettings } from '../settings.js'
import { CheckCard } from './check-card.js'
import { IdleChoice } from './idle-choice.js'
import { ReportPanel } from './report-panel.js'
import { useCheckRun } from './use-check-run.js'
import { VerdictPanel } from './verdict-panel.js'

/** Begins by itself: who comes here wants to know. */
export function CheckPage() {
  const [settings, setSettings] = useState(() => readSettings(new URLSearchParams(location.search)))
  const run = useCheckRun()
  // Once: settings that change later wait for the next run.
  useEffect(() => run.start(settings), [])
  const checks = stages.flat().filter(({ id }) => settings.only.includes(id))
  return (
    <>
      <header class="top-bar">
        <h1>
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d="M3 1v14M13 1v14M3 5l10 2M13 9 3 12" />
          </svg>
          Network check
        </h1>
        <nav aria-label="More">
          <a class="button" href={labPath.page}>
            The Lab
          </a>
        </nav>
      </header>
      <main class="check-page">
        <p class="lead">
          Tries short polling, long polling, Server-Sent Events and WebSocket from this browser through every
          proxy, filter and cache between here and the server, and says what to change. Its channels hold
          random numbers and are removed at the end.
        </p>
        <VerdictPanel run={run}>
          <div class="check-actions">
            {run.isRunning ? (
              <button type="button" class="button strong" onClick={run.stop}>
                Cancel
              </button>
            ) : (
              <button type="button" class="button strong" onClick={() => run.start(settings)}>
                Check again
              </button>
            )}
            <IdleChoice
              idleMs={settings.idleMs}
              onChange={(idleMs) => setSettings(withIdle(settings, idleMs))}
            />
          </div>
        </VerdictPanel>
        <section aria-labelledby="checks-title">
          <h2 id="checks-title">What was tried</h2>
          <ol class="checks">
            {checks.map((check) => (
              <CheckCard
                key={check.id}
                check={check}
                state={run.states.get(check.id) ?? { kind: 'waiting' }}
              />
            ))}
          </ol>
        </section>
        <ReportPanel run={run} />
      </main>
    </>
  )
}

/** For the next run, and for whoever is given the address. */
function withIdle(settings: CheckSettings, idleMs: number): CheckSettings {
  const url = new URL(location.href)
  url.searchParams.set('idle-ms', String(idleMs))
  history.replaceState(null, '', url)
  return { ...settings, idleMs }
}
