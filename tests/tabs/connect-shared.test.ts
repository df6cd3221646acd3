import { connectShared, type SharedOptions } from '@tidings/client/tabs'
import { expect, test, vi } from 'vitest'

/** Where tabs can share, as far as this is looked at before anything is heard. */
vi.stubGlobal('navigator', { locks: {} })

test.each([['carrier-pigeon'], []])('ways that are none are told at once: %j', (...ways) => {
  const options = { ways } as unknown as SharedOptions
  expect(() => connectShared('https://news.example', options)).toThrow(
    expect.objectContaining({ code: 'way-unknown' }),
  )
})
