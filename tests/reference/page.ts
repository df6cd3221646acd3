import type { Kind } from './kind.js'
import { kinds } from './kinds.js'

const verdicts: Record<Kind['verdict'], string> = {
  asks: 'asks for what we do',
  open: 'leaves it open',
  otherwise: 'says otherwise',
}

/** docs/differences.md, as it follows from the kinds that the test knows. */
export function differencesPage(): string {
  return `# Differences from the reference server

The protocol's authors have a server of their own, \`@durable-streams/server\`. A test sends both the same operations, 10,000
at random from one seed, and compares statuses, bodies, offsets (by the positions that they stand for), headers and events.
Whatever differs and is not in this table fails it, and so does a row that no longer shows.

    npx vitest run tests/reference
    SEED=7 OPERATIONS=100000 npx vitest run tests/reference

The page is written by the test's own list (\`tests/reference/kinds.ts\`; \`WRITE_PAGES=1\` writes it anew). The last column
quotes the protocol's text, and says whether it asks for what we do, leaves it open, or says otherwise (then why we do it).

| kind | when | the reference server | Tidings | the text |
|---|---|---|---|---|
${kinds.map(row).join('\n')}
`
}

function row({ id, case: when, reference, here, verdict, text, why }: Kind): string {
  const quote = text.quote.replaceAll('\n', ' ').replaceAll('**', '').replaceAll('|', '\\|')
  const said = `${verdicts[verdict]}: §${text.section} “${quote}”${why === undefined ? '' : `. But ${why}`}`
  return `| \`${id}\` | ${when} | ${reference} | ${here} | ${said} |`
}
