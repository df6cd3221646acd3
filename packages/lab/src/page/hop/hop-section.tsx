import { FaultControls } from './fault-controls.js'
import { HopperCard } from './hopper-card.js'
import { LineEvents } from './line-events.js'
import { NaiveCard } from './naive-card.js'

/** Two readers on one bad line: one knows where it is, the other does not. */
export function HopSection() {
  return (
    <section id="hop" class="hop" aria-labelledby="hop-title">
      <h2 id="hop-title">Hop and break</h2>
      <p class="lead">
        Two readers share a line that you can break. The first knows its offset, and may change its way at any
        moment; the second is a plain socket without one.
      </p>
      <div class="hop-grid">
        <HopperCard />
        <NaiveCard />
        <FaultControls />
        <LineEvents />
      </div>
    </section>
  )
}
