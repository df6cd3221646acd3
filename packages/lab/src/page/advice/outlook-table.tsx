import { ways } from '@tidings/protocol'
import type { Outlooks } from '../../advice/advice.js'
import type { Outlook } from '../../advice/outlook.js'
import { sayBits, sayNumber, sayShare } from '../../advice/words.js'
import { formatMs, nothing } from '../format.js'
import { shortTitle } from '../ways.js'

interface OutlookRow {
  readonly title: string
  readonly say: (outlook: Outlook) => string
}

const rows: readonly OutlookRow[] = [
  { title: 'Requests a second', say: ({ requestsPerSecond }) => sayNumber(requestsPerSecond) },
  { title: 'Empty answers', say: ({ emptyShare }) => sayShare(emptyShare) },
  { title: 'Beside the messages', say: ({ overheadBitsPerSecond }) => sayBits(overheadBitsPerSecond) },
  { title: 'Held connections', say: ({ heldConnections }) => heldConnections.toLocaleString('en') },
]

/** What all of the audience together would cost. */
export function OutlookTable({ outlooks }: { readonly outlooks: Outlooks }) {
  return (
    <table class="outlook">
      <caption>All of them together</caption>
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
      <tbody>
        {rows.map(({ title, say }) => (
          <tr key={title}>
            <th scope="row">{title}</th>
            {ways.map((way) => (
              <td key={way}>{outlooks[way].isMeasured ? say(outlooks[way]) : nothing}</td>
            ))}
          </tr>
        ))}
        <tr>
          <th scope="row">Delay, p99</th>
          {ways.map((way) => (
            <td key={way}>
              {formatMs(outlooks[way].delayP99Ms)}
              {outlooks[way].isMeasured && !outlooks[way].isSoonEnough && (
                <span class="too-late"> too late</span>
              )}
            </td>
          ))}
        </tr>
      </tbody>
    </table>
  )
}
