import { effect, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { LineFaults } from '@tidings/protocol'
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Arrow } from '../../record/types.js'
import type { RunSession } from '../../session/types.js'
import type { Choices } from '../../workload/choices.js'
import { formatChoices, parseChoices } from '../../workload/url-state.js'
import { Pace } from './pace.js'
import { type Snapshot, takeSnapshot } from './snapshot.js'

/** How often figures change at most: faster than four times a second nobody reads. */
const figuresIntervalMs = 250
/** A slider that is drawn along asks for one workload, not for fifty; browsers count changes of the address, too. */
const choicesIntervalMs = 250

/** What the page's parts share. */
export interface Lab {
  readonly session: RunSession
  /** At most four times a second anew. */
  readonly snapshot: ReadonlySignal<Snapshot>
  readonly choices: Signal<Choices>
  readonly faults: Signal<LineFaults>
  /** Whose bytes are shown. */
  readonly openArrow: Signal<Arrow | undefined>
  /** What a screen reader is to say now. */
  readonly announcement: Signal<string>
}

const LabContext = createContext<Lab | undefined>(undefined)

export const LabProvider = LabContext.Provider

export function useLab(): Lab {
  const lab = useContext(LabContext)
  if (!lab) throw new Error('This part of the page stands outside of the Lab.')
  return lab
}

/** Ties a run to the page's address and to what is shown of it. It lives as long as the page. */
export function createLab(session: RunSession): Lab {
  const snapshot = signal(takeSnapshot(session))
  const choices = signal(parseChoices(location.search))
  const faults = signal<LineFaults>({ delayMs: 0, buffers: false, upgrades: 'pass' })
  const figuresPace = new Pace(figuresIntervalMs, () => {
    snapshot.value = takeSnapshot(session)
  })
  const choicesPace = new Pace(choicesIntervalMs, () => {
    const { workload, settings } = choices.peek()
    session.useSettings(settings)
    session.useWorkload(workload)
    history.replaceState(null, '', `${location.pathname}${formatChoices(choices.peek())}${location.hash}`)
  })
  session.onChange(() => figuresPace.request())
  effect(() => {
    choices.value
    choicesPace.request()
  })
  effect(() => session.useFaults(faults.value))
  return { session, snapshot, choices, faults, openArrow: signal(undefined), announcement: signal('') }
}
