import type { Browser } from 'playwright-core'
import { startSite } from '../client/support/site.js'
import { type Account, live } from './live.js'
import type { Place } from './sequence.js'

const script = `
import { connect } from '@tidings/client'
globalThis.live = ${live}
globalThis.accounts = {}
globalThis.runtime = { connect }`

/** What stands in the page's global scope. */
interface PageScope {
  readonly live: typeof live
  readonly accounts: Record<string, Account>
  readonly runtime: Parameters<typeof live>[0]
  readonly told: (url: string) => void
}

/** Clients that live in one page, all of them: a browser's tab of its own for each is a process of its own. */
export async function inPage(browser: Browser): Promise<Place['live']> {
  const tab = await browser.newPage()
  const trouble: string[] = []
  const tell = new Map<string, () => void>()
  tab.on('pageerror', (error) => trouble.push(error.message))
  await tab.exposeFunction('told', (url: string) => tell.get(url)?.())
  await tab.goto(await startSite(script))
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
