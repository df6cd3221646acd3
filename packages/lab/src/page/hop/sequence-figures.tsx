import type { Sequence } from '../../session/types.js'
import { formatCount } from '../format.js'

const figures = [
  { name: 'lost', title: 'lost', read: ({ lost }: Sequence) => lost },
  { name: 'twice', title: 'twice', read: ({ twice }: Sequence) => twice },
  { name: 'out-of-order', title: 'out of order', read: ({ outOfOrder }: Sequence) => outOfOrder },
]

/** What must be nought. Not by colour alone: what is not nought says so with a mark. */
export function SequenceFigures({ sequence }: { readonly sequence: Sequence }) {
  return (
    <dl class="sequence-figures">
      {figures.map(({ name, title, read }) => {
        const value = read(sequence)
        return (
          <div key={name} data-bad={value > 0}>
            <dd data-metric={name} data-value={value}>
              {formatCount(value)}
            </dd>
            <dt>
              {title}
              {value > 0 && ' ⚠'}
            </dt>
          </div>
        )
      })}
    </dl>
  )
}
