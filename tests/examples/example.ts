import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'
import { findProgram, requirement } from '../support/requirements.js'

const executablePath = findProgram('chromium', 'chromium-browser', 'google-chrome')

export const hasChromium = requirement(
  'Chromium',
  executablePath !== undefined,
  'the examples in a real browser',
)

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** An example that runs as its users run it: by its one command. */
export interface RunningExample {
  /** Of its page. */
  readonly url: string
  /** Of its Tidings server. */
  readonly server: string
  /** @returns its exit code, when it is gone; null after a signal that it could not hear */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>
}

/** Starts an example on a free port; it is stopped when the test is over, and has to end as asked. */
export async function startExample(name: string): Promise<RunningExample> {
  const program = fileURLToPath(new URL(`../../examples/${name}/start.mjs`, import.meta.url))
  const child = spawn(process.execPath, [program, '--port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const exit = once(child, 'exit')
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await exit
    return child.exitCode
  }
  onTestFinished(async () => {
    // A test may have killed it; one that runs has to end in good order.
    if (child.signalCode === null) expect(await end('SIGTERM')).toBe(0)
  })
  const [, server, url] = await heard(child, /listens on (http:\S+)[\s\S]*open (http:\S+)/)
  return { url: url as string, server: server as string, end }
}

/** @returns the match, once the program has said it */
function heard(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let said = ''
    const hear = (chunk: Buffer) => {
      said += chunk.toString()
      const match = pattern.exec(said)
      if (match) resolve(match)
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.once('exit', (code) => reject(new Error(`The example ended (${code}). It said: ${said}`)))
  })
}

/**
 * @param replaced  a server and what stands before it: the browser goes to the second when it is sent to the first
 */
export async function openBrowser(replaced?: {
  readonly server: string
  readonly by: string
}): Promise<Browser> {
  const rules = replaced && `MAP ${new URL(replaced.server).host} ${new URL(replaced.by).host}`
  const args = ['--no-sandbox', ...(rules ? [`--host-resolver-rules=${rules}`] : [])]
  const browser = await chromium.launch({ ...(executablePath && { executablePath }), args })
  onTestFinished(() => browser.close())
  return browser
}

/** A tab in which no script may fail. */
export async function openTab(browser: Browser | BrowserContext, url: string): Promise<Page> {
  const tab = await browser.newPage()
  const trouble: string[] = []
  tab.on('pageerror', (error) => trouble.push(error.message))
  onTestFinished(() => expect(trouble).toEqual([]))
  await tab.goto(url)
  return tab
}

/** @returns the plain number, or text, of a figure of the page */
export async function metric(tab: Page, name: string): Promise<string> {
  return (await tab.locator(`[data-metric="${name}"]`).getAttribute('data-value')) ?? ''
}

/** @returns when the page says so, in words */
export async function says(tab: Page, standing: 'good' | 'bad' | 'waiting', words: RegExp): Promise<void> {
  await tab.locator(`#standing[data-standing="${standing}"]`).filter({ hasText: words }).waitFor()
}

/** What hinders people who can't see well, use a keyboard or hear a page: rules of WCAG 2 A and AA. */
export async function accessibilityFaults(tab: Page): Promise<string[]> {
  await tab.addScriptTag({ path: axePath })
  return tab.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof import('axe-core') }
    const { violations } = await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
  })
}
