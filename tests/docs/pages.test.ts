import { existsSync, readFileSync } from 'node:fs'
import { problems } from '@tidings/protocol'
import { settingDescriptions } from 'tidings'
import { expect, test } from 'vitest'

const page = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

test('the table of problems in docs/protocol.md is the one that the server answers by', () => {
  const rows = [...page('docs/protocol.md').matchAll(/^\| `([a-z-]+)` \| (\d{3}) \| (\d{4}) \| (.*) \|$/gm)]
  const documented = rows.map(([, code, status, close, title]) => [
    code,
    { status: Number(status), close: Number(close), title },
  ])
  expect(Object.fromEntries(documented)).toEqual(problems)
})

test('every setting stands in the README, with its flag and variable', () => {
  const readme = page('README.md')
  for (const { flag, variable } of settingDescriptions)
    expect(readme).toContain(`| \`${variable}\` | \`${flag}\``)
})

test('every file that docs/guarantees.md points at is there', () => {
  const paths = [...page('docs/guarantees.md').matchAll(/`((?:tests|packages|conformance)\/[^`]+)`/g)].map(
    ([, path]) => path,
  )
  expect(paths.length).toBeGreaterThan(20)
  for (const path of paths) expect(existsSync(new URL(`../../${path}`, import.meta.url)), path).toBe(true)
})
