import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { openInPage } from '../browser-context.js'
import type { Finding } from '../check.js'
import type { CheckId } from '../check-id.js'
import { stages } from '../checks/index.js'
import { type CheckState, type CheckStates, runChecks } from '../run-checks.js'
import type { CheckSettings } from '../settings.js'

export interface CheckRunView {
  readonly states: CheckStates
  readonly isRunning: boolean
  /** Stopped before all had a finding. */
  readonly isStopped: boolean
  /** When the last run was over; undefined before. */
  readonly checkedAt: Date | undefined
  /** Begins; what is running is stopped first. */
  start(settings: CheckSettings): void
  stop(): void
}

/** The one run that a page has at a time. It ends with the component. */
export function useCheckRun(): CheckRunView {
  const [states, setStates] = useState<CheckStates>(new Map())
  const [isRunning, setRunning] = useState(false)
  const [checkedAt, setCheckedAt] = useState<Date | undefined>(undefined)
  const lifetime = useRef<AbortController | undefined>(undefined)

  const stop = useCallback(() => lifetime.current?.abort(), [])
  const start = useCallback((settings: CheckSettings) => {
    lifetime.current?.abort()
    const controller = new AbortController()
    lifetime.current = controller
    const isCurrent = () => lifetime.current === controller
    const chosen = stages.map((stage) => stage.filter(({ id }) => settings.only.includes(id)))
    setStates(new Map(chosen.flat().map(({ id }) => [id, { kind: 'waiting' }])))
    setCheckedAt(undefined)
    setRunning(true)
    const tell = (id: CheckId, state: CheckState) => {
      if (isCurrent()) setStates((before) => new Map(before).set(id, state))
    }
    const run = { stages: chosen, openSession: openInPage(settings), tell, signal: controller.signal }
    void runChecks(run).then(() => {
      if (!isCurrent()) return
      setRunning(false)
      setCheckedAt(new Date())
    })
  }, [])
  useEffect(() => stop, [stop])

  const isStopped = !isRunning && [...states.values()].some(({ kind }) => kind === 'stopped')
  return { states, isRunning, isStopped, checkedAt, start, stop }
}

/** What is known so far. */
export function findingsOf(states: CheckStates): ReadonlyMap<CheckId, Finding> {
  const known = [...states].flatMap(([id, state]): [CheckId, Finding][] =>
    state.kind === 'done' ? [[id, state.finding]] : [],
  )
  return new Map(known)
}
