import { PresetPicker } from './preset-picker.js'
import { ReaderSliders } from './reader-sliders.js'
import { WorkloadSliders } from './workload-sliders.js'

export function WorkloadSection() {
  return (
    <section id="workload" class="workload" aria-labelledby="workload-title">
      <h2 id="workload-title">Your workload</h2>
      <p class="lead">Bring your own channel: what is published, how the page asks, and who else hears.</p>
      <PresetPicker />
      <div class="workload-grid">
        <WorkloadSliders />
        <ReaderSliders />
      </div>
    </section>
  )
}
