import type { Way } from '@tidings/protocol'
import { useLab } from '../state/lab.js'
import { wayTitle } from '../ways.js'

/** Both ends can close. */
export function LaneControls({ way }: { readonly way: Way }) {
  const { session, snapshot, announcement } = useLab()
  const { isRunning, state } = snapshot.value
  const toggle = () => {
    if (isRunning[way]) session.stop(way)
    else session.start(way)
    announcement.value = `${wayTitle[way]} ${isRunning[way] ? 'stopped' : 'started'}.`
  }
  return (
    <div class="lane-controls">
      <span aria-hidden="true">Close</span>
      <button
        type="button"
        class="button"
        disabled={state !== 'running'}
        aria-label={isRunning[way] ? 'Close from here' : 'Start'}
        onClick={toggle}
      >
        {isRunning[way] ? 'from here' : 'Start'}
      </button>
      <button
        type="button"
        class="button"
        disabled={!isRunning[way]}
        aria-label="Close from the server"
        onClick={() => session.closeFromServer(way)}
      >
        from the server
      </button>
    </div>
  )
}
