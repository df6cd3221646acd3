import { ways } from '@tidings/protocol'
import { AdviceSection } from './advice/advice-section.js'
import { ArrowPanel } from './bytes/arrow-panel.js'
import { ExamplesList } from './examples-list.js'
import { CostsSection } from './figures/costs-section.js'
import { HopSection } from './hop/hop-section.js'
import { LanePanel } from './lane/lane-panel.js'
import { RunOver } from './run-over.js'
import { type Lab, LabProvider } from './state/lab.js'
import { TopBar } from './top-bar.js'
import { WorkloadSection } from './workload/workload-section.js'

export function App({ lab }: { readonly lab: Lab }) {
  return (
    <LabProvider value={lab}>
      <TopBar />
      <RunOver />
      <main>
        <section id="lanes" class="lanes" aria-labelledby="lanes-title" tabIndex={-1}>
          <h2 id="lanes-title" class="off-screen">
            The four ways at work
          </h2>
          {ways.map((way) => (
            <LanePanel key={way} way={way} />
          ))}
        </section>
        <CostsSection />
        <HopSection />
        <WorkloadSection />
        <AdviceSection />
        <ExamplesList />
      </main>
      <ArrowPanel />
      <p class="off-screen" role="status">
        {lab.announcement}
      </p>
    </LabProvider>
  )
}
