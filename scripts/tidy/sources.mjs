import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import ts from 'typescript'

/** Every text file that is in the repository or about to be, with what the checks ask of it. */
export function listSources() {
  const options = { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }
  const paths = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], options)
    .split('\0')
    .filter((path) => path !== '' && existsSync(path))
  return [...new Set(paths)].map((path) => ({ path, text: readFileSync(path, 'utf8') })).filter(isText)
}

function isText({ text }) {
  return !text.includes('\0')
}

/** Shipped code: what is under a package's `src`, without tests and the suites that tests share. */
export function isShipped({ path }) {
  return /^packages\/[^/]+\/src\/.*\.tsx?$/.test(path) && !isTest({ path })
}

export function isTest({ path }) {
  return /([.]test|-suite)\.(ts|tsx|mjs)$/.test(path) || /^(tests|conformance)\//.test(path)
}

export function parse({ path, text }) {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
}

/** Line number, from 1, of a position in a parsed file. */
export function lineOf(source, position) {
  return source.getLineAndCharacterOfPosition(position).line + 1
}
