import type { Way } from '@tidings/protocol'
import { useEffect, useRef } from 'preact/hooks'
import { formatTranscript, type TranscriptLine } from '../../transcript/index.js'
import { CopyButton } from '../controls/copy-button.js'
import { useLab } from '../state/lab.js'
import { shortTitle } from '../ways.js'

/** As much as is scrolled back to; all that is kept is copied. */
const mostShownLines = 300

/** Who said what, and when, as text. It is written on only while it is open. */
export function LaneTranscript({ way }: { readonly way: Way }) {
  const { transcripts, snapshot } = useLab()
  const details = useRef<HTMLDetailsElement>(null)
  const text = useRef<HTMLPreElement>(null)
  useEffect(() => {
    const show = () => {
      if (details.current?.open && text.current) writeOn(text.current, transcripts.linesOf(way))
    }
    details.current?.addEventListener('toggle', show)
    const stop = snapshot.subscribe(show)
    return () => {
      details.current?.removeEventListener('toggle', show)
      stop()
    }
  }, [way, transcripts, snapshot])
  return (
    <div class="transcript">
      <details ref={details}>
        <summary>Transcript</summary>
        <pre
          ref={text}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
          tabIndex={0}
          role="log"
          aria-live="off"
          aria-label={`Transcript of ${shortTitle[way]}`}
        />
      </details>
      <CopyButton
        text={() => formatTranscript(transcripts.linesOf(way))}
        of={`the transcript of ${shortTitle[way]}`}
      />
    </div>
  )
}

/** The line that each place has written last. */
const written = new WeakMap<HTMLElement, TranscriptLine>()

/** Adds what is new as a text of its own, so that what is selected stays so; follows the end when it was in sight. */
function writeOn(place: HTMLElement, lines: readonly TranscriptLine[]): void {
  const last = written.get(place)
  const known = last === undefined ? -1 : lines.lastIndexOf(last)
  const fresh = lines.slice(Math.max(known + 1, lines.length - mostShownLines))
  const newest = fresh.at(-1)
  if (newest === undefined) return
  const isAtEnd = place.scrollTop + place.clientHeight >= place.scrollHeight - 4
  written.set(place, newest)
  for (const line of fresh) place.append(formatTranscript([line]))
  while (place.childNodes.length > mostShownLines) place.firstChild?.remove()
  if (isAtEnd) place.scrollTop = place.scrollHeight
}
