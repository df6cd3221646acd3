import { isTest } from './sources.mjs'

// The patterns are written so that they don't find themselves.
const patterns = [
  {
    rule: 'machine-path',
    pattern: /(?<![\w.])\/wor[k]\//,
    message: "a path of one machine; nobody else's has it",
  },
  {
    rule: 'unfinished',
    pattern: /\b(?:TOD[O]|FIXM[E]|XX[X])\b/,
    message: 'finish it, or write down in the documentation what is missing',
  },
  {
    rule: 'focused-test',
    pattern: /[.]only\(/,
    message: 'the other tests of this file would not run',
    isMeant: isTest,
  },
  {
    rule: 'registry-host',
    pattern: /"resolved": "\w+:/,
    message: 'the lock file names a registry; others have another one (.npmrc leaves the address out)',
    isMeant: ({ path }) => path === 'package-lock.json',
  },
]

export function findUnwantedText(files) {
  return files.flatMap((file) =>
    patterns
      .filter(({ isMeant }) => isMeant === undefined || isMeant(file))
      .flatMap((wanted) => findInFile(file, wanted)),
  )
}

function findInFile(file, { rule, pattern, message }) {
  return file.text
    .split('\n')
    .flatMap((line, index) =>
      pattern.test(line) ? [{ rule, file: file.path, line: index + 1, message }] : [],
    )
}
