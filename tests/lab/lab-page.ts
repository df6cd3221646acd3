import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Way, ways } from '@tidings/protocol'
import type { Browser, Page } from 'playwright-core'
import { beforeAll, onTestFinished, test } from 'vitest'
import { browserOfFile, hasChromium } from './browser.js'

const page = fileURLToPath(new URL('../../packages/lab/dist/page/index.html', import.meta.url))

export const inBrowser = test.runIf(hasChromium)

let browser: (() => Browser) | undefined

/** One browser for the tests of a file. */
export function useBrowser(): void {
  beforeAll(() => {
    if (!existsSync(page)) throw new Error('The Lab is not built: run npm run build')
  })
  browser = browserOfFile()
}

/** The Lab in a page of its own, without errors: one that the page reports fails the test. */
export class LabPage {
  readonly tab: Page
  readonly #errors: string[] = []

  private constructor(tab: Page) {
    this.tab = tab
    tab.on('pageerror', (error) => this.#errors.push(String(error)))
  }

  static async open(url: string, options: { colorScheme?: 'dark' | 'light'; width?: number } = {}) {
    if (!browser) throw new Error('useBrowser() was not called')
    const { colorScheme = 'light', width = 1440 } = options
    const tab = await browser().newPage({ viewport: { width, height: 900 }, colorScheme })
    const lab = new LabPage(tab)
    const { host } = new URL(url)
    tab.on('request', (request) => {
      const asked = new URL(request.url())
      if (/^(?:http|ws)s?:$/.test(asked.protocol) && asked.host !== host)
        lab.#errors.push(`a request to ${asked.host}`)
    })
    onTestFinished(async () => {
      await tab.close()
      if (lab.#errors.length > 0) throw new Error(`The page reported: ${lab.#errors.join('; ')}`)
    })
    await tab.goto(url)
    await tab.locator('[data-way="websocket"][data-running="true"]').waitFor()
    return lab
  }

  lane(way: Way) {
    return this.tab.locator(`section[data-way="${way}"]`)
  }

  async metric(way: Way, name: string): Promise<number> {
    return Number(await this.lane(way).locator(`[data-metric="${name}"]`).getAttribute('data-value'))
  }

  /** Waits until a figure is so; one that never is ends in the test's timeout. */
  async until(scope: string, name: string, isSo: (value: number) => boolean): Promise<void> {
    const figure = this.tab.locator(`${scope} [data-metric="${name}"]`)
    while (!isSo(Number(await figure.getAttribute('data-value')))) await this.nextFigures()
  }

  /** Until every lane's figure is so. */
  async untilAll(name: string, isSo: (value: number) => boolean): Promise<void> {
    for (const way of ways) await this.until(`section[data-way="${way}"]`, name, isSo)
  }

  async reader(name: 'hopper' | 'naive') {
    const value = async (metric: string) =>
      Number(
        await this.tab
          .locator(`[data-reader="${name}"] [data-metric="${metric}"]`)
          .getAttribute('data-value'),
      )
    return { lost: await value('lost'), twice: await value('twice'), outOfOrder: await value('out-of-order') }
  }

  async say(way: Way, text: string): Promise<void> {
    const box = this.lane(way).locator('form input')
    await box.fill(text)
    await this.lane(way).getByRole('button', { name: 'Send' }).click()
  }

  /** The page shows new figures at most four times a second. */
  async nextFigures(): Promise<void> {
    await this.tab.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    )
  }
}
