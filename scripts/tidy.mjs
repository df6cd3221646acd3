import './setup/node-version.mjs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findArrows } from './tidy/arrows.mjs'
import { exemptions } from './tidy/exemptions.mjs'
import { applyExemptions } from './tidy/findings.mjs'
import { findFormatAndLint } from './tidy/format-and-lint.mjs'
import { findLengths } from './tidy/lengths.mjs'
import { listSources } from './tidy/sources.mjs'
import { findUnwantedText } from './tidy/unwanted-text.mjs'
import { findWireWords } from './tidy/wire-words.mjs'

// `npm run tidy`: style is a test. Each check returns what it found; an exemption carries its reason.

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'))

const startMs = Date.now()
const files = listSources()
const found = await Promise.all([
  findFormatAndLint(),
  findArrows(),
  findLengths(files),
  findWireWords(files),
  findUnwantedText(files),
])
const { findings, exempted } = applyExemptions(found.flat(), exemptions)

for (const { exemption, count } of exempted) {
  console.log(`exempt: ${exemption.file}: ${exemption.rule} (${count}): ${exemption.reason}`)
}
for (const { file, line, rule, message } of findings) {
  console.log(`${file}${line ? `:${line}` : ''}: ${rule}: ${message}`)
}
const seconds = ((Date.now() - startMs) / 1000).toFixed(1)
console.log(
  findings.length === 0
    ? `tidy: ${files.length} files, nothing to mend (${seconds} s)`
    : `tidy: ${findings.length} to mend`,
)
process.exitCode = findings.length === 0 ? 0 : 1
