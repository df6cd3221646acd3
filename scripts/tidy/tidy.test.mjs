import { expect, test } from 'vitest'
import { applyExemptions } from './findings.mjs'
import { findLengths } from './lengths.mjs'
import { findUnwantedText } from './unwanted-text.mjs'
import { findWireWords } from './wire-words.mjs'

// Each check is seen to find what it is there to find. The planted texts are put together from parts where
// the checks would find them in this file.

const shipped = 'packages/server/src/hub/tail.ts'
const rulesOf = (findings) => findings.map(({ rule, line }) => [rule, line])

test('a file of 301 lines of code is too long, one of 300 with comments beside them is not', () => {
  const commented = '// why\n\n/**\n * more\n */\nconst x = 1\n'
  expect(findLengths([{ path: shipped, text: commented.repeat(300) }])).toEqual([])
  expect(rulesOf(findLengths([{ path: shipped, text: commented.repeat(301) }]))).toEqual([
    ['file-length', undefined],
  ])
})

test('a function of 61 lines of code is too long, whichever way it is written', () => {
  const body = (lines) => `{\n${'  go()\n'.repeat(lines - 2)}}`
  const written = (lines) =>
    `function f() ${body(lines)}\nconst g = () => ${body(lines)}\nclass C {\n  m() ${body(lines)}\n}\n`
  expect(findLengths([{ path: shipped, text: written(60) }])).toEqual([])
  expect(rulesOf(findLengths([{ path: shipped, text: written(61) }]))).toEqual([
    ['function-length', 1],
    ['function-length', 62],
    ['function-length', 124],
  ])
})

test('tests and the suites that they share may be long', () => {
  const text = 'go()\n'.repeat(400)
  const paths = [
    'packages/server/src/hub/tail.test.ts',
    'packages/server/src/log/engine-suite.ts',
    'tests/a.ts',
  ]
  expect(findLengths(paths.map((path) => ({ path, text })))).toEqual([])
})

test('a word on the wire is found outside of the protocol: as a text, a key, a template, in any case', () => {
  const dictionary = {
    path: 'packages/protocol/src/header.ts',
    text: `export const header = { next: 'stream-next', path: '/v1/stream/' } as const\nexport const own = 'stream-own'\nconst list = ['content-type'].join(', ')`,
  }
  const text = [
    `set('Stream-Next', 1)`,
    `const headers = { 'stream-own': 1 }`,
    'const url = `/v1/stream/$' + '{name}`',
    `set('content-type', 'stream-next-to-it')`,
    `// 'stream-next' in a comment is fine`,
  ].join('\n')
  const found = findWireWords([dictionary, { path: shipped, text }, { path: 'tests/a.test.ts', text }])
  expect(rulesOf(found)).toEqual([
    ['wire-word', 1],
    ['wire-word', 2],
    ['wire-word', 3],
  ])
})

test('paths of one machine, unfinished work and focused tests are found', () => {
  const machinePath = ['', 'work', 'main'].join('/')
  const unfinished = ['TO', 'DO'].join('')
  const text = `open('${machinePath}')\n// ${unfinished}: later\ntest${'.only'}('x')\nconst homework = 'a/work/b'\n`
  expect(rulesOf(findUnwantedText([{ path: 'tests/a.test.ts', text }]))).toEqual([
    ['machine-path', 1],
    ['unfinished', 2],
    ['focused-test', 3],
  ])
})

test('a lock file that names a registry is found, one that links to a workspace is not', () => {
  const text = '"resolved": "https://example.org/a.tgz"\n"resolved": "packages/client"\n'
  expect(rulesOf(findUnwantedText([{ path: 'package-lock.json', text }]))).toEqual([['registry-host', 1]])
})

test('an exemption takes its finding away, and is a finding itself once it takes nothing away', () => {
  const found = [{ rule: 'file-length', file: 'a.ts', message: 'long' }]
  const needed = { rule: 'file-length', file: 'a.ts', reason: 'one table' }
  const stale = { rule: 'file-length', file: 'b.ts', reason: 'it was long' }
  const { findings, exempted } = applyExemptions(found, [needed, stale])
  expect(exempted).toEqual([{ exemption: needed, count: 1 }])
  expect(findings.map(({ rule, file }) => [rule, file])).toEqual([['exemption-not-needed', 'b.ts']])
})
