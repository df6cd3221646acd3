import { createServer } from 'node:http'
import { join } from 'node:path'
import { Absent } from '../harness/absent.mjs'
import { findProgram } from '../harness/programs.mjs'
import { bundler } from './install.mjs'
import { places } from './places.mjs'

// A page of a public site may not ask a loopback address; here all is on loopback.
const args = [
  '--no-sandbox',
  '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests',
]

/** @returns like `startHearer`, but what hears is a page of another origin in Chromium, with the bundled client */
export async function startBrowserHearer(peer) {
  const executablePath = ['chromium', 'chromium-browser', 'google-chrome'].map(findProgram).find(Boolean)
  if (!executablePath) throw new Absent('there is no Chromium here')
  const { chromium } = await import('playwright-core')
  const site = await startSite(await bundled(peer))
  const browser = await chromium.launch({ executablePath, args })
  const page = await browser.newPage()
  let listener = () => {}
  await page.exposeFunction('tell', (said) => listener(said))
  await page.goto(`http://127.0.0.1:${site.address().port}/`)
  return {
    hear(asked, on) {
      listener = (said) => {
        if (said.channel === asked.channel) on(said)
      }
      page.evaluate((asked) => globalThis.hearing(asked), asked).catch(({ message }) => on({ told: message }))
    },
    rest() {
      listener = () => {}
      // The next call of the page waits for this one.
      page.evaluate(() => globalThis.resting()).catch(() => {})
    },
    async stop() {
      await browser.close()
      site.closeAllConnections()
      site.close()
    },
  }
}

async function bundled(peer) {
  const folder = join(places.installed, 'hear')
  const { outputFiles } = await bundler().build({
    entryPoints: [join(folder, 'page.mjs')],
    alias: { hear: join(folder, `${peer.name}.mjs`) },
    bundle: true,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    conditions: ['source'],
    write: false,
    logLevel: 'error',
  })
  return outputFiles[0].text
}

function startSite(script) {
  const site = createServer((request, response) => {
    const isScript = request.url === '/page.js'
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' })
    response.end(isScript ? script : '<!doctype html><script src="/page.js"></script>')
  })
  return new Promise((resolve) => site.listen(0, '127.0.0.1', () => resolve(site)))
}
