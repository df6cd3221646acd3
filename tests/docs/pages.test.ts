import { existsSync, readFileSync } from 'node:fs'
import {
  allowedRequestHeaders,
  closeCode,
  exposedResponseHeaders,
  path,
  problems,
  proofPath,
} from '@tidings/protocol'
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

test('every header, address and close code of the wire stands in docs/protocol.md', () => {
  const protocol = page('docs/protocol.md').toLowerCase()
  const headers = `${allowedRequestHeaders}, ${exposedResponseHeaders}`.split(', ')
  for (const name of headers) expect(protocol).toMatch(new RegExp(`^\\|.*\`${name}\`.*\\|$`, 'm'))
  for (const address of [...Object.values(path), proofPath]) expect(protocol).toContain(address)
  const { noStatus: _, abnormal: __, ...sent } = closeCode
  for (const code of Object.values(sent))
    expect(protocol).toMatch(new RegExp(`^\\| .*\\b${code}\\b.*\\|$`, 'm'))
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
