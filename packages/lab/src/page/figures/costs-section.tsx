import { useComputed, useSignal } from '@preact/signals'
import { type Way, ways } from '@tidings/protocol'
import { useEffect } from 'preact/hooks'
import { type Lab, useLab } from '../state/lab.js'
import { forEachWay } from '../state/snapshot.js'
import { shortTitle } from '../ways.js'
import { type CostRow, costRows } from './cost-rows.js'
import { DelayChart } from './delay-chart.js'
import { type Expectation, Expectations } from './expectations.js'

const expectationsIntervalMs = 1_000

/** The four beside each other: measured, and what arithmetic says it should be. */
export function CostsSection() {
  const lab = useLab()
  const expectations = useSignal<Readonly<Record<Way, Expectation>> | undefined>(undefined)
  useEffect(() => keepExpecting(lab, (next) => (expectations.value = next)), [lab])
  const isExplained = useSignal(false)
  const rows = useComputed(() => {
    const { figures } = lab.snapshot.value
    const expected = expectations.value
    return expected && costRows(forEachWay((way) => ({ figures: figures[way], ...expected[way] })))
  })
  return (
    <section id="costs" class="costs" aria-labelledby="costs-title">
      <div class="section-head">
        <h2 id="costs-title">What it costs</h2>
        <button
          type="button"
          class="button"
          aria-expanded={isExplained.value}
          aria-controls="costs-table"
          onClick={() => {
            isExplained.value = !isExplained.value
          }}
        >
          {isExplained.value ? 'Hide the arithmetic' : 'Show the arithmetic'}
        </button>
      </div>
      <p class="lead">
        Counted on the server’s sockets since the run began; “≈” is what arithmetic expects of the same time.
        The best is marked, what counts up being compared by message.
      </p>
      <table id="costs-table" data-explained={isExplained.value}>
        <CostsHead />
        <tbody>
          {rows.value?.map((row) => (
            <CostTableRow key={row.name} row={row} isExplained={isExplained.value} />
          ))}
          <ChartRow />
        </tbody>
      </table>
    </section>
  )
}

function CostsHead() {
  return (
    <thead>
      <tr>
        <td />
        {ways.map((way) => (
          <th key={way} scope="col">
            {shortTitle[way]}
          </th>
        ))}
      </tr>
    </thead>
  )
}

function ChartRow() {
  return (
    <tr class="chart-row">
      <th scope="row">
        Delay of each message
        <small>the latest 600, from 1 ms to 10 s</small>
      </th>
      {ways.map((way) => (
        <td key={way}>
          <DelayChart way={way} />
        </td>
      ))}
    </tr>
  )
}

function CostTableRow({ row, isExplained }: { readonly row: CostRow; readonly isExplained: boolean }) {
  return (
    <tr data-cost={row.name}>
      <th scope="row">{row.title}</th>
      {ways.map((way) => {
        const { text, expected, because, isBest } = row.cells[way]
        return (
          <td key={way} data-best={isBest}>
            <span class="figure">{text}</span>
            {expected && (
              <span class="expected" title={because}>
                {expected}
              </span>
            )}
            {isBest && <span class="best">best</span>}
            {isExplained && because && <span class="because">{because}</span>}
          </td>
        )
      })}
    </tr>
  )
}

/** @returns what ends it */
function keepExpecting(
  { session, choices }: Lab,
  tell: (expectations: Readonly<Record<Way, Expectation>>) => void,
): () => void {
  const expectations = new Expectations(session)
  const advance = () => tell(expectations.advance(choices.peek()))
  const timer = setInterval(advance, expectationsIntervalMs)
  advance()
  return () => clearInterval(timer)
}
