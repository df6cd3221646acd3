import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { type Account, live } from './live.js'
import type { Place } from './sequence.js'

const page = `<!doctype html>
<script type="importmap">
  { "imports": { "@tidings/client": "/client/dist/index.js", "@tidings/protocol": "/protocol/dist/index.js" } }
</script>
<script type="module">
  import { connect } from '@tidings/client'
  globalThis.live = ${live}
  globalThis.accounts = {}
  globalThis.runtime = { connect }
</script>`

/** What stands in the page's global scope. */
interface PageScope {
  readonly live: typeof live
  readonly accounts: Record<string, Account>
  readonly runtime: Parameters<typeof live>[0]
  readonly told: (url: string) => void
}

/** A site of another origin than the server's, with an empty page and the built packages. */
async function startSite(): Promise<string> {
  const site = createServer((request, response) => {
    const path = request.url ?? '/'
    if (!/^\/(?:client|protocol)\/dist\/[\w/.-]+\.js$/.test(path)) {
      response.writeHead(200, { 'content-type': 'text/html' }).end(page)
      return
    }
    readFile(new URL(`../../packages${path}`, import.meta.url)).then(
      (script) => response.writeHead(200, { 'content-type': 'text/javascript' }).end(script),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    site.closeAllConnections()
    site.close()
  })
  return `http://127.0.0.1:${(site.address() as AddressInfo).port}/`
}

/** Clients that live in one page, all of them: a browser's tab of its own for each is a process of its own. */
export async function inPage(browser: Browser): Promise<Place['live']> {
  const tab = await browser.newPage()
  const trouble: string[] = []
  const tell = new Map<string, () => void>()
  tab.on('pageerror', (error) => trouble.push(error.message))
  await tab.exposeFunction('told', (url: string) => tell.get(url)?.())
  await tab.goto(await startSite())
  await tab.waitForFunction(() => 'runtime' in globalThis)
  return async (habit, onPublished) => {
    tell.set(habit.url, onPublished)
    const ended = tab.evaluate((habit) => {
      const { live, accounts, runtime, told } = globalThis as unknown as PageScope
      const account: Account = { hearings: [], attempts: [], trouble: [], journal: [] }
      accounts[habit.url] = account
      return live(runtime, habit, account, () => told(habit.url))
    }, habit)
    // Who has waited long enough does not wait for this.
    ended.catch(() => {})
    const account = async () => {
      const told = await tab.evaluate(
        (url) => (globalThis as unknown as PageScope).accounts[url] as Account,
        habit.url,
      )
      return { ...told, trouble: [...told.trouble, ...trouble] }
    }
    return { ended, account }
  }
}
