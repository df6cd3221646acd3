import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { expect } from 'vitest'
import { startTestServer } from '../support/test-server.js'
import { inBrowser, LabPage, useBrowser } from './lab-page.js'

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

useBrowser()

/** What axe finds, by rule, with where. */
async function violations(lab: LabPage): Promise<string[]> {
  // Through the debugger: the page's policy lets no script in that is not its own.
  const client = await lab.tab.context().newCDPSession(lab.tab)
  await client.send('Runtime.evaluate', { expression: await readFile(axe, 'utf8') })
  const { result } = await client.send('Runtime.evaluate', {
    expression: `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
      JSON.stringify(violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target.join(' ')).join(', '))))`,
    awaitPromise: true,
  })
  return JSON.parse(String(result.value))
}

for (const colorScheme of ['light', 'dark'] as const)
  for (const width of [1440, 390])
    inBrowser(
      `axe finds nothing in the Lab, ${colorScheme}, ${width} pixels wide, and nothing scrolls sideways`,
      async () => {
        const server = await startTestServer()
        const lab = await LabPage.open(`${server.url}/lab/?rate=10&burst=1`, { colorScheme, width })
        await lab.untilAll('messages', (count) => count > 5)
        expect(await violations(lab)).toEqual([])
        expect(await lab.tab.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
      },
    )
