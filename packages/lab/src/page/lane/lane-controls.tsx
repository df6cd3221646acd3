import type { Way } from '@tidings/protocol'
import { useLab } from '../state/lab.js'
import { wayTitle } from '../ways.js'

/** Both ends can close. */
export function LaneControls({ way }: { readonly way: Way }) {
  const { session, snapshot, announcement } = useLab()
  const isRunning = snapshot.value.isRunning[way]
  const toggle = () => {
    if (isRunning) session.stop(way)
    else session.start(way)
    announcement.value = `${wayTitle[way]} ${isRunning ? 'stopped' : 'started'}.`
  }
  return (
    <div class="lane-controls">
      <button type="button" class="button" onClick={toggle}>
        {isRunning ? 'Close from here' : 'Start'}
      </button>
      <button type="button" class="button" disabled={!isRunning} onClick={() => session.closeFromServer(way)}>
        Close from the server
      </button>
    </div>
  )
}
