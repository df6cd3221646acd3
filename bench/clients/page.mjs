import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { places } from './places.mjs'

const page = join(places.root, 'docs/client/measured.md')

/** Puts each table in its place in docs/client/measured.md: between `<!-- name -->` and `<!-- end -->`. */
export async function writePage(tables) {
  const text = await readFile(page, 'utf8')
  const filled = text.replaceAll(/(<!-- ([\w-]+) -->\n)[\s\S]*?(<!-- end -->)/g, (kept, begin, name, end) =>
    tables[name] === undefined ? kept : `${begin}\n${tables[name]}\n\n${end}`,
  )
  await writeFile(page, filled)
}
