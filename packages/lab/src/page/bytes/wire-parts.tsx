import type { WirePart } from '../../record/types.js'
import { showBytes, written } from './show-bytes.js'

/** A burst in one write has thousands of parts; the first ones tell how the rest goes on. */
const mostShownParts = 150

/** Part after part: its bytes, what it is called, what it says, and where that is written. */
export function WireParts({ parts }: { readonly parts: readonly WirePart[] }) {
  const shown = parts.slice(0, mostShownParts)
  return (
    <ol class="wire-parts">
      {shown.map((part, index) => (
        // Parts have no name of their own, and stay where they are.
        <WirePartItem key={index} part={part} />
      ))}
      {parts.length > shown.length && (
        <li class="left-out">… and {parts.length - shown.length} more parts</li>
      )}
    </ol>
  )
}

function WirePartItem({ part }: { readonly part: WirePart }) {
  const { text, isHex, leftOut } = showBytes(part.bytes)
  return (
    <li class="wire-part" data-part={part.name}>
      <code class={isHex ? 'bytes hex' : 'bytes'}>
        {isHex ? text : withMarks(text)}
        {leftOut > 0 && <span class="left-out"> … {leftOut.toLocaleString('en')} more bytes</span>}
      </code>
      <p>
        <strong>{part.name}</strong> {part.meaning} <cite>{part.source}</cite>
      </p>
    </li>
  )
}

/** Line ends and tabs in another tone than the text that they stand in. */
function withMarks(text: string) {
  return text.split(/([␍␊␉])/).map((piece, index) => {
    const mark = written[piece]
    return mark === undefined ? piece : <i key={index}>{mark}</i>
  })
}
