import type { Browser, Page } from 'playwright-core'
import { onTestFinished } from 'vitest'

/** How long the page waits. What is left out is as a visitor has it. */
export interface Waits {
  readonly only?: string
  readonly 'idle-ms'?: number
  readonly 'hold-seconds'?: number
  readonly 'held-ms'?: number
  readonly 'patience-ms'?: number
  readonly 'opening-ms'?: number
  readonly 'proof-ms'?: number
  readonly 'quiet-ms'?: number
}

/** A machine that is busy is not a network that is broken. */
export const patient: Waits = {
  'patience-ms': 30_000,
  'opening-ms': 30_000,
  'proof-ms': 30_000,
  'quiet-ms': 3_000,
}

export interface SeenFinding {
  readonly verdict: string | null
  readonly evidence: string
  readonly advice: string
}

/** The page of the network check in a real browser, as its visitor sees it. */
export class CheckPage {
  readonly tab: Page
  /** What went wrong in the page itself. */
  readonly errors: string[] = []

  private constructor(tab: Page) {
    this.tab = tab
    tab.on('pageerror', ({ message }) => this.errors.push(message))
    tab.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) this.errors.push(message.text())
    })
  }

  static async open(browser: Browser, origin: string, waits: Waits = {}): Promise<CheckPage> {
    // A context of its own has its own connections, and its own cache.
    const context = await browser.newContext({ ignoreHTTPSErrors: true })
    onTestFinished(() => context.close())
    // A busy machine has the time of the test.
    context.setDefaultTimeout(0)
    const page = new CheckPage(await context.newPage())
    const query = Object.entries(waits).map(([name, value]) => `${name}=${value}`)
    await page.tab.goto(`${origin}/lab/check?${query.join('&')}`)
    return page
  }

  /** Waits for the end. @returns the sentence on top */
  async verdict(): Promise<{ readonly verdict: string | null; readonly sentence: string }> {
    const panel = this.tab.locator('[data-verdict-overall]')
    await panel.waitFor()
    return {
      verdict: await panel.getAttribute('data-verdict-overall'),
      sentence: (await panel.getByRole('status').textContent()) ?? '',
    }
  }

  /** What a check says when it is done. */
  async finding(check: string): Promise<SeenFinding> {
    const card = this.tab.locator(`[data-check="${check}"][data-verdict]`)
    await card.waitFor()
    return {
      verdict: await card.getAttribute('data-verdict'),
      evidence: (await card.locator('.check-evidence').textContent()) ?? '',
      advice: (await card.locator('.check-advice').allTextContents()).join(''),
    }
  }

  /** Waits until a check says so while it runs. */
  async says(check: string, text: string): Promise<void> {
    await this.tab.locator(`[data-check="${check}"] .check-verdict`, { hasText: text }).waitFor()
  }
}
