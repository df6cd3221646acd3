import type { OpenSession } from './browser-context.js'
import type { Check, Finding } from './check.js'
import type { CheckId } from './check-id.js'
import { ChannelRefused, ProbeFailure } from './probe/failure.js'

/** What is known of a check. `stopped`: by the visitor, before it knew. */
export type CheckState =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'running'; readonly note: string }
  | { readonly kind: 'done'; readonly finding: Finding; readonly tookMs: number }
  | { readonly kind: 'stopped' }

export type CheckStates = ReadonlyMap<CheckId, CheckState>

export interface CheckRun {
  readonly stages: readonly (readonly Check[])[]
  readonly openSession: OpenSession
  /** Hears of each change. */
  readonly tell: (id: CheckId, state: CheckState) => void
  readonly signal: AbortSignal
}

/** Runs the stages one after the other, and the checks of a stage at once. Never rejected. */
export async function runChecks({ stages, ...run }: CheckRun): Promise<void> {
  for (const stage of stages) await Promise.all(stage.map((check) => runCheck(check, run)))
}

async function runCheck(
  check: Check,
  { openSession, tell, signal }: Omit<CheckRun, 'stages'>,
): Promise<void> {
  if (signal.aborted) return tell(check.id, { kind: 'stopped' })
  const lifetime = new AbortController()
  const startedAtMs = performance.now()
  const progress = (note: string) => {
    if (!lifetime.signal.aborted) tell(check.id, { kind: 'running', note })
  }
  const whole = AbortSignal.any([signal, lifetime.signal])
  const { context, release } = openSession(progress, whole)
  progress('Begins')
  const finding = await check.run(context, whole).catch((error: unknown) => {
    return signal.aborted ? undefined : findingOfFailure(error)
  })
  // What it has opened ends first: over HTTP/1.1 its streams could leave no connection to remove the channels by.
  lifetime.abort()
  await release()
  if (finding === undefined) tell(check.id, { kind: 'stopped' })
  else tell(check.id, { kind: 'done', finding, tookMs: performance.now() - startedAtMs })
}

function findingOfFailure(error: unknown): Finding {
  if (error instanceof ChannelRefused) {
    return {
      verdict: 'skipped',
      evidence: error.message,
      advice:
        'Let `PUT`, `POST` and `DELETE` through to `/v1/`. Behind a proxy the server needs `--public`, or the page’s origin in `--allow-origin`.',
      facts: {},
    }
  }
  if (error instanceof ProbeFailure) {
    return {
      verdict: 'broken',
      evidence: error.message,
      advice: 'Let `GET` and `POST` through to `/v1/`, whatever the other ways need.',
      facts: {},
    }
  }
  return {
    verdict: 'skipped',
    evidence: `The check itself failed: ${error instanceof Error ? error.message : String(error)}.`,
    facts: {},
  }
}
