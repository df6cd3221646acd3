import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { findProgram, requirement } from '../support/requirements.js'

const executablePath = findProgram('chromium', 'chromium-browser', 'google-chrome')

export const hasChromium = requirement(
  'Chromium',
  executablePath !== undefined,
  'the Lab and the network check in a real browser',
)

/** One browser for all tests of a file. To be called at its top. */
export function browserOfFile(): () => Browser {
  let browser: Browser | undefined
  beforeAll(async () => {
    if (hasChromium) browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  })
  afterAll(() => browser?.close())
  return () => {
    if (!browser) throw new Error('There is no browser on this machine.')
    return browser
  }
}
