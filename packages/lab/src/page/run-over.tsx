import { useLab } from './state/lab.js'

/** A run that is over is not tried again: what was counted would not be of one run. */
export function RunOver() {
  const { state, reason } = useLab().snapshot.value
  if (state !== 'ended' && state !== 'refused') return null
  return (
    <div class="run-over" role="alert">
      <p>
        <strong>{state === 'refused' ? 'The run could not begin.' : 'The run is over.'}</strong> {reason}
      </p>
      <button type="button" class="button strong" onClick={() => location.reload()}>
        Begin another
      </button>
    </div>
  )
}
