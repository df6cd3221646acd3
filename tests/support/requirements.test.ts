import { afterEach, expect, test, vi } from 'vitest'
import { findProgram, requirement } from './requirements.js'

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

test('what is here is used', () => {
  expect(requirement('node', findProgram('node') !== undefined, 'runs everything')).toBe(true)
})

test('what is missing skips its tests and says why; in CI it fails them', () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  vi.stubEnv('CI', '')
  expect(requirement('a teapot', false, 'the tests of HTTP 418')).toBe(false)
  expect(said).toHaveBeenCalledWith(
    'skipped: needs a teapot, which was not found here: the tests of HTTP 418\n',
  )

  vi.stubEnv('CI', 'true')
  expect(() => requirement('a teapot', false, 'the tests of HTTP 418')).toThrow('needs a teapot')
})
