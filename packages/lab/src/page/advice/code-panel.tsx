import { useSignal } from '@preact/signals'
import { type Way, ways } from '@tidings/protocol'
import { type SnippetKind, snippet, snippetKinds, snippetTitle } from '../../advice/snippets.js'
import { ChoiceGroup } from '../controls/choice-group.js'
import { CopyButton } from '../controls/copy-button.js'
import { useLab } from '../state/lab.js'
import { shortTitle } from '../ways.js'

const wayChoices = ways.map((way) => ({ value: way, title: shortTitle[way] }))
const kindChoices = snippetKinds.map((kind) => ({ value: kind, title: snippetTitle[kind] }))

interface CodePanelProps {
  readonly way: Way
  readonly onWay: (way: Way) => void
}

/** The code to copy, with this server's address and a channel named after the preset. */
export function CodePanel({ way, onWay }: CodePanelProps) {
  const { choices } = useLab()
  const kind = useSignal<SnippetKind>('browser')
  const { hear, speak } = snippet(way, kind.value, {
    server: location.origin,
    channel: choices.value.preset,
  })
  return (
    <div class="card code-panel">
      <h3>The code for it</h3>
      <ChoiceGroup legend="Way" choices={wayChoices} value={way} onChange={onWay} />
      <ChoiceGroup
        legend="Written with"
        choices={kindChoices}
        value={kind.value}
        onChange={(next) => {
          kind.value = next
        }}
      />
      <CodeBlock title="To hear" code={hear} />
      <CodeBlock title="To speak" code={speak} />
    </div>
  )
}

function CodeBlock({ title, code }: { readonly title: string; readonly code: string }) {
  return (
    <figure class="code-block">
      <figcaption>
        {title}
        <CopyButton text={() => code} of={`the code ${title.toLowerCase()}`} />
      </figcaption>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
        tabIndex={0}
      >
        <code>{code}</code>
      </pre>
    </figure>
  )
}
