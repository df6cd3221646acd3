import { formatCount, formatElapsed, formatMs } from './format.js'
import { useLab } from './state/lab.js'

/** How the run goes, and whether anything was lost, wherever on the page one is. */
export function RunStatus() {
  const { state, clock, hopper, figures } = useLab().snapshot.value
  const elapsedSeconds = Math.max(...Object.values(figures).map((each) => each.elapsedSeconds))
  return (
    <div class="run-status">
      <a
        class="hop-status"
        href="#hop"
        title="The reader on the line that you can break"
        data-bad={isBad(hopper)}
      >
        lost {formatCount(hopper.lost)} · twice {formatCount(hopper.twice)} · out of order{' '}
        {formatCount(hopper.outOfOrder)}
      </a>
      <span class="run-state" data-state={state}>
        {state === 'running' ? formatElapsed(elapsedSeconds) : state}
      </span>
      <span class="clocks" title="How far the estimate of the server's clock can be off">
        clocks {clock ? `±${formatMs(clock.errorMs)}` : '…'}
      </span>
    </div>
  )
}

function isBad({ lost, twice, outOfOrder }: { lost: number; twice: number; outOfOrder: number }): boolean {
  return lost + twice + outOfOrder > 0
}
