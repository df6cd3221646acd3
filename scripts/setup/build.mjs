import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, say } from './run.mjs'

const stampFile = '.cache/build-stamp'

/** What each does, and the program for Node. */
const steps = [
  ['tsc -b', 'node_modules/typescript/bin/tsc', '-b'],
  ["the Lab's page", 'packages/lab/build.mjs'],
]
/** What sources there are beside `src`. */
const otherSources = ['packages/lab/static']

/**
 * Compiles when a source has changed since the last build. The stamp is over contents, not times: a checkout
 * or a copy changes the times of files that are the same. Hashing some hundred sources takes about 20 ms,
 * asking the compiler takes a second.
 */
export async function build() {
  const packages = listPackages()
  const stamp = hashSources(packages)
  if (packages.every(isBuilt) && readStamp() === stamp) return true
  rmSync(stampFile, { force: true })
  for (const [what, ...program] of steps) {
    say(`tidings: building (${what})`)
    if ((await run(process.execPath, program)) === 0) continue
    say('tidings: the build failed; what was found is above')
    return false
  }
  mkdirSync('.cache', { recursive: true })
  writeFileSync(stampFile, stamp)
  return true
}

function listPackages() {
  return readdirSync('packages')
    .map((name) => join('packages', name))
    .filter((folder) => existsSync(join(folder, 'tsconfig.json')))
    .sort()
}

function isBuilt(folder) {
  const isBundled =
    folder !== join('packages', 'lab') || existsSync(join(folder, 'dist', 'page', 'index.html'))
  return existsSync(join(folder, 'dist', '.tsbuildinfo')) && isBundled
}

function hashSources(packages) {
  const hash = createHash('sha256')
  const folders = [...packages.map((folder) => join(folder, 'src')), ...otherSources]
  const sources = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
      .map((entry) => join(entry.parentPath, entry.name)),
  )
  const settings = packages.flatMap((folder) => [join(folder, 'package.json'), join(folder, 'tsconfig.json')])
  // The lock file stands for the compiler's version and the types of what we depend on.
  const shared = ['package-lock.json', 'tsconfig.json', 'tsconfig.base.json', 'packages/lab/build.mjs']
  for (const file of [...shared, ...settings, ...sources.sort()]) {
    const content = readFileSync(file)
    hash.update(`${file}\0${content.length}\0`).update(content)
  }
  return hash.digest('hex')
}

function readStamp() {
  try {
    return readFileSync(stampFile, 'utf8')
  } catch {
    return undefined
  }
}
