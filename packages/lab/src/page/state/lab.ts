import { effect, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { LineFaults } from '@tidings/protocol'
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import { pageBrowser } from '../../lanes/index.js'
import type { Arrow } from '../../record/types.js'
import { startRunSession } from '../../session/run-session.js'
import type { RunSession } from '../../session/types.js'
import type { Choices } from '../../workload/choices.js'
import { formatChoices, parseChoices } from '../../workload/url-state.js'
import { Diagrams } from './diagrams.js'
import { Pace } from './pace.js'
import { type Snapshot, takeSnapshot } from './snapshot.js'
import { Transcripts } from './transcripts.js'

/** How often figures change at most: faster than four times a second nobody reads. */
const figuresIntervalMs = 250
/** A slider that is drawn along asks for one workload, not for fifty; browsers count changes of the address, too. */
const choicesIntervalMs = 250

const passingLine: LineFaults = { delayMs: 0, buffers: false, upgrades: 'pass' }

/** What the page's parts share. */
export interface Lab {
  readonly session: RunSession
  /** At most four times a second anew. */
  readonly snapshot: ReadonlySignal<Snapshot>
  readonly choices: Signal<Choices>
  readonly faults: Signal<LineFaults>
  readonly diagrams: Diagrams
  readonly transcripts: Transcripts
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

/** Begins a run with what the page's address says. It lives as long as the page. */
export function openLab(): Lab {
  const choices = parseChoices(location.search)
  const session = startRunSession({
    browser: pageBrowser(),
    requestFrame: (callback) => requestAnimationFrame(callback),
    settings: choices.settings,
    workload: choices.workload,
    faults: passingLine,
  })
  return labOf(session, choices)
}

/** Ties a run to what is shown of it, and to the page's address. */
export function labOf(session: RunSession, firstChoices: Choices): Lab {
  const snapshot = signal(takeSnapshot(session))
  const choices = signal(firstChoices)
  const faults = signal(passingLine)
  const transcripts = new Transcripts(session, performance.timeOrigin + performance.now())
  const figuresPace = new Pace(figuresIntervalMs, () => {
    transcripts.update()
    snapshot.value = takeSnapshot(session)
  })
  const choicesPace = new Pace(choicesIntervalMs, () => {
    const { workload, settings } = choices.peek()
    session.useSettings(settings)
    session.useWorkload(workload)
    history.replaceState(null, '', `${location.pathname}${formatChoices(choices.peek())}${location.hash}`)
  })
  session.onChange(() => figuresPace.request())
  choices.subscribe((chosen) => {
    if (chosen !== firstChoices) choicesPace.request()
  })
  effect(() => session.useFaults(faults.value))
  return {
    session,
    snapshot,
    choices,
    faults,
    diagrams: new Diagrams(),
    transcripts,
    openArrow: signal(undefined),
    announcement: signal(''),
  }
}
