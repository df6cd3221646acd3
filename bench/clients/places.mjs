import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { places as bench } from '../harness/places.mjs'

const installed = join(bench.cache, 'clients')

/** The clients' packages, with copies of what imports them, and what was measured: git sees none of it. */
export const places = {
  root: bench.root,
  here: fileURLToPath(new URL('.', import.meta.url)),
  installed,
  results: join(installed, 'results'),
}
