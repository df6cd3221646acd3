import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { startRelay } from '../support/relay.js'
import {
  accessibilityFaults,
  hasChromium,
  metric,
  openBrowser,
  openTab,
  says,
  startExample,
} from './example.js'

interface Reading {
  readonly at: number
  readonly cpu: { readonly percent: number; readonly corePercents: readonly number[] }
  readonly memory: { readonly totalBytes: number; readonly usedBytes: number }
}

/** What the channel holds. */
async function readingsOf(server: string): Promise<Reading[]> {
  return (await fetch(`${server}/v1/stream/machine?offset=-1`)).json() as Promise<Reading[]>
}

/** @returns when the channel holds so many */
async function waitForReadings(server: string, count: number): Promise<void> {
  let [held, offset] = [0, '-1']
  while (held < count) {
    const answer = await fetch(`${server}/v1/stream/machine?live=long-poll&offset=${offset}`)
    if (answer.status === 200) held += ((await answer.json()) as Reading[]).length
    offset = answer.headers.get('stream-next-offset') ?? offset
  }
}

/** The times of the readings that the page draws. */
function drawn(tab: Page): Promise<number[]> {
  return tab.evaluate("import('/readings.js').then(({ readings }) => readings.map(({ at }) => at))")
}

async function waitForDrawn(tab: Page, count: number): Promise<void> {
  await tab.waitForFunction(
    (least) =>
      Number(document.querySelector<HTMLElement>('[data-metric="readings"]')?.dataset.value) >= least,
    count,
  )
}

test.runIf(hasChromium)(
  'the dashboard begins with history, goes on live, and tells what /proc says',
  async () => {
    const { url, server } = await startExample('dashboard')
    await waitForReadings(server, 3)
    const tab = await openTab(await openBrowser(), url)
    await says(tab, 'good', /Live/)
    await waitForDrawn(tab, 5)

    expect(Number(await metric(tab, 'history'))).toBeGreaterThanOrEqual(3)
    const times = await drawn(tab)
    expect((await readingsOf(server)).map(({ at }) => at).slice(0, times.length)).toEqual(times)
    const memory = await readFile('/proc/meminfo', 'utf8')
    expect(await metric(tab, 'memory-total-bytes')).toBe(
      String(1024 * Number(/MemTotal:\s+(\d+)/.exec(memory)?.[1])),
    )
    const newest = (await readingsOf(server)).at(-1)
    expect(newest?.cpu.corePercents).toHaveLength(cpus().length)
    expect(newest?.memory.usedBytes).toBeGreaterThan(0)
    expect(newest?.memory.usedBytes).toBeLessThan(newest?.memory.totalBytes ?? 0)
  },
)

test.runIf(hasChromium)('a core that works is seen to work', async () => {
  const { url, server } = await startExample('dashboard')
  const tab = await openTab(await openBrowser(), url)
  await waitForReadings(server, 1)
  // One and a half seconds hold at least half of a reading's second.
  const untilMs = performance.now() + 1_500
  while (performance.now() < untilMs) Math.sqrt(untilMs)
  await waitForDrawn(tab, 3)
  const most = Math.max(...(await readingsOf(server)).map(({ cpu }) => Math.max(...cpu.corePercents)))
  expect(most).toBeGreaterThan(40)
  expect(most).toBeLessThanOrEqual(100)
})

test.runIf(hasChromium)('after a cut no reading is missing and none is drawn twice', async () => {
  const { url, server } = await startExample('dashboard')
  const relay = await startRelay(server)
  const tab = await openTab(await openBrowser({ server, by: relay.url }), url)
  await waitForDrawn(tab, 2)
  const before = (await readingsOf(server)).length
  relay.cut()
  await says(tab, 'bad', /can not be reached/)
  await says(tab, 'good', /Live/)
  await waitForReadings(server, before + 3)
  await waitForDrawn(tab, before + 3)

  const times = await drawn(tab)
  expect((await readingsOf(server)).map(({ at }) => at).slice(0, times.length)).toEqual(times)
})

test.runIf(hasChromium)('another range is read anew: the last 60 readings, or an hour', async () => {
  const { url, server } = await startExample('dashboard')
  await waitForReadings(server, 2)
  const tab = await openTab(await openBrowser(), url)
  await waitForDrawn(tab, 2)
  for (const [words, start] of [
    ['60 readings', 'last=60'],
    ['1 hour', 'since='],
  ] as const) {
    const asked = tab.waitForRequest((request) => request.url().includes(start))
    await tab.getByText(words).click()
    await asked
    await waitForDrawn(tab, 2)
    const times = await drawn(tab)
    expect((await readingsOf(server)).map(({ at }) => at).slice(0, times.length)).toEqual(times)
  }
})

test.runIf(hasChromium)('a server that is gone is told in words', async () => {
  const { url, server, end } = await startExample('dashboard')
  const tab = await openTab(await openBrowser(), url)
  await waitForReadings(server, 1)
  await waitForDrawn(tab, 1)
  await end('SIGKILL')
  await says(tab, 'bad', /can not be reached/)
  expect(await accessibilityFaults(tab)).toEqual([])
})

test('partitions and layered devices are not counted beside their disks', async () => {
  const file = new URL('../../examples/dashboard/proc.mjs', import.meta.url).href
  const { diskBytes } = (await import(file)) as { diskBytes: (text: string) => unknown }
  const text = `
   7       0 loop0 9 0 900 0 9 0 900 0 0 0 0
 259       0 nvme0n1 10 0 100 0 10 0 50 0 0 0 0
 259       1 nvme0n1p1 10 0 100 0 10 0 50 0 0 0 0
   8       0 sda 10 0 20 0 10 0 10 0 0 0 0
   8       1 sda1 10 0 20 0 10 0 10 0 0 0 0
  65     160 sdaa 10 0 3 0 10 0 4 0 0 0 0
 253       0 dm-0 10 0 20 0 10 0 10 0 0 0 0`
  expect(diskBytes(text)).toEqual({ readBytes: 123 * 512, writtenBytes: 64 * 512 })
})
