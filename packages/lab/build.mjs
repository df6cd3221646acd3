import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

// Bundles the Lab's pages into dist/page/: a script and a style for each, named by what is in them, and the page that
// asks for them. The same sources give the same files.

const folder = fileURLToPath(new URL('.', import.meta.url))
const output = join(folder, 'dist', 'page')

/** What a page's script may weigh, compressed: a page that must be waited for is not looked at. */
const mostScriptBytes = 120_000

const pages = [
  { name: 'index', script: 'src/page/main.tsx', style: 'static/styles/lab.css' },
  { name: 'check', script: 'src/check/main.tsx', style: 'static/styles/check.css' },
]

rmSync(output, { recursive: true, force: true })
mkdirSync(output, { recursive: true })

for (const page of pages.filter(({ script }) => existsSync(join(folder, script)))) {
  const files = await bundle(page)
  const html = readFileSync(join(folder, 'static', `${page.name}.html`), 'utf8')
  writeFileSync(join(output, `${page.name}.html`), fill(html, files))
  report(page, files)
}

/** @returns the names of the script's and the style's file */
async function bundle({ name, script, style }) {
  const { metafile } = await build({
    absWorkingDir: folder,
    entryPoints: [
      { in: script, out: name },
      ...(existsSync(join(folder, style)) ? [{ in: style, out: name }] : []),
    ],
    entryNames: '[name]-[hash]',
    outdir: output,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    // The packages' sources: the page needs no other build before its own.
    conditions: ['source'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  })
  const names = Object.keys(metafile.outputs).map((path) => basename(path))
  return {
    script: names.find((each) => each.endsWith('.js')),
    style: names.find((each) => each.endsWith('.css')),
  }
}

/** Puts the files' names where a page says `{{script}}` and `{{style}}`. */
function fill(html, files) {
  return html.replace(/\{\{(script|style)\}\}/g, (_, kind) => {
    if (files[kind] === undefined) throw new Error(`A page asks for a ${kind}, and none was built.`)
    return files[kind]
  })
}

function report({ name }, files) {
  for (const file of [files.script, files.style].filter((each) => each !== undefined)) {
    const content = readFileSync(join(output, file))
    const compressed = gzipSync(content, { level: 9 }).length
    console.log(`${name}: ${file} ${content.length} bytes, ${compressed} compressed`)
    if (file.endsWith('.js') && compressed > mostScriptBytes) {
      console.error(`${name}: the script may have ${mostScriptBytes} bytes, compressed`)
      process.exitCode = 1
    }
  }
}
