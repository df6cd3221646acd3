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

interface Player {
  readonly id: string
  readonly x: number
  readonly y: number
  readonly score: number
  readonly isAway?: boolean
}

interface State {
  readonly tick: number
  readonly players: readonly Player[]
}

async function openArena() {
  const arena = await startExample('arena')
  const relay = await startRelay(arena.server)
  const browser = await openBrowser({ server: arena.server, by: relay.url })
  return { arena, relay, browser }
}

/** A player of its own: what a tab keeps is no other's. */
async function join(browser: Awaited<ReturnType<typeof openBrowser>>, url: string) {
  const tab = await openTab(await browser.newContext(), url)
  await says(tab, 'good', /You are in/)
  const id = (await tab.evaluate(() => sessionStorage.getItem('player'))) as string
  await tab.waitForFunction(hasPlayer, id)
  return { tab, id }
}

// What the page draws is asked of the very object that it draws from. These run in the page.
const hasPlayer = (id: string) => {
  const page = globalThis as unknown as { shownGame(): State | undefined }
  return page.shownGame()?.players.some((player) => player.id === id && player.isAway !== true)
}

const shown = (tab: Page): Promise<State> =>
  tab.evaluate(() => (globalThis as unknown as { shownGame(): State }).shownGame())

async function shownPlayer(tab: Page, id: string): Promise<Player> {
  const player = (await shown(tab)).players.find((each) => each.id === id)
  if (player === undefined) throw new Error('The player is not on the field')
  return player
}

/** @returns when the player is shown so much further, in the direction that is held meanwhile */
async function walk(by: Page, key: 'ArrowLeft' | 'ArrowRight', { seenBy, id }: { seenBy: Page; id: string }) {
  const { x } = await shownPlayer(seenBy, id)
  const sign = key === 'ArrowRight' ? 1 : -1
  await by.keyboard.down(key)
  await seenBy.waitForFunction(
    ({ id, x, sign }) => {
      const game = (globalThis as unknown as { shownGame(): State }).shownGame()
      const player = game.players.find((each) => each.id === id)
      return player !== undefined && sign * (player.x - x) > 60
    },
    { id, x, sign },
  )
  await by.keyboard.up(key)
}

/** @returns the player, once it has stood still for some ticks */
async function standing(tab: Page, id: string): Promise<Player> {
  await tab.waitForFunction((id) => {
    const page = globalThis as unknown as {
      shownGame(): State
      seen?: { tick: number; x: number; y: number }
    }
    const { tick, players } = page.shownGame()
    const player = players.find((each) => each.id === id)
    const { seen } = page
    if (player === undefined || seen === undefined || seen.x !== player.x || seen.y !== player.y) {
      page.seen = { tick, x: player?.x ?? 0, y: player?.y ?? 0 }
      return false
    }
    return tick >= seen.tick + 12
  }, id)
  return shownPlayer(tab, id)
}

/** Away from the nearer wall. */
async function roomyKey(tab: Page, id: string) {
  return (await shownPlayer(tab, id)).x < 800 ? ('ArrowRight' as const) : ('ArrowLeft' as const)
}

test.runIf(hasChromium)('two browsers play and see each other move', async () => {
  const { arena, browser } = await openArena()
  const [one, other] = [await join(browser, arena.url), await join(browser, arena.url)]
  for (const { tab } of [one, other]) {
    await tab.waitForFunction(() => document.querySelector('[data-metric="players"]')?.textContent === '2')
  }

  await walk(one.tab, await roomyKey(other.tab, one.id), { seenBy: other.tab, id: one.id })
  await walk(other.tab, await roomyKey(one.tab, other.id), { seenBy: one.tab, id: other.id })

  const state = await fetch(`${arena.server}/v1/stream/arena/state`, { method: 'HEAD' })
  expect(state.headers.get('stream-durability')).toBe('memory')
  expect(state.headers.get('stream-retention-count')).toBe('40')
})

test.runIf(hasChromium)(
  'the game ticks twenty times a second, and the page says how long an answer takes',
  async () => {
    const { arena, browser } = await openArena()
    const { tab } = await join(browser, arena.url)
    const firstTick = (await shown(tab)).tick
    await tab.waitForFunction(
      (tick) => (globalThis as unknown as { shownGame(): State }).shownGame().tick >= tick,
      firstTick + 60,
    )
    await tab.waitForFunction(() => {
      const { value } = document.querySelector<HTMLElement>('[data-metric="round-trip-ms"]')?.dataset ?? {}
      return Number.isFinite(Number(value))
    })

    // Counted where they are made: each tick is one message.
    const before = await tailOf(arena.server)
    const atMs = performance.now()
    await tab.waitForFunction(
      (tick) => (globalThis as unknown as { shownGame(): State }).shownGame().tick >= tick,
      firstTick + 160,
    )
    const perSecond = ((await tailOf(arena.server)) - before) / ((performance.now() - atMs) / 1000)
    expect(perSecond).toBeGreaterThan(18)
    expect(perSecond).toBeLessThan(22)
    expect(Number(await metric(tab, 'round-trip-ms'))).toBeGreaterThan(0)
    expect(Number(await metric(tab, 'ticks-per-second'))).toBeGreaterThan(10)
  },
)

/** Past every page: whoever reaches the server can. */
async function publishInputs(server: string, inputs: readonly unknown[]): Promise<void> {
  const published = await fetch(`${server}/v1/stream/arena/input`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(inputs),
  })
  expect(published.status).toBe(204)
}

/** How many messages the channel has had. */
async function tailOf(server: string): Promise<number> {
  const answer = await fetch(`${server}/v1/stream/arena/state`, { method: 'HEAD' })
  return Number(answer.headers.get('stream-next-offset')?.split('_')[1])
}

test.runIf(hasChromium)(
  'a player whose connection is cut comes back into the running game, in the same place',
  async () => {
    const { arena, relay, browser } = await openArena()
    const [one, other] = [await join(browser, arena.url), await join(browser, arena.url)]
    await walk(one.tab, await roomyKey(one.tab, one.id), { seenBy: one.tab, id: one.id })
    const place = await standing(other.tab, one.id)
    const before = await shown(one.tab)

    relay.cut()
    for (const { tab } of [one, other]) {
      await tab.waitForFunction(
        () => Number(document.querySelector('[data-metric="reconnections"]')?.textContent) === 1,
      )
      await says(tab, 'good', /You are in/)
    }

    await one.tab.waitForFunction(hasPlayer, one.id)
    await one.tab.waitForFunction(
      (tick) => (globalThis as unknown as { shownGame(): State }).shownGame().tick > tick,
      before.tick + 40,
    )
    const { score, x, y } = place
    expect(await shownPlayer(one.tab, one.id)).toMatchObject({ score, x, y })
    await walk(one.tab, await roomyKey(other.tab, one.id), { seenBy: other.tab, id: one.id })
    expect((await shown(one.tab)).players).toHaveLength(2)
  },
)

test.runIf(hasChromium)(
  'a page that is loaded again is the same player, and its new inputs count',
  async () => {
    const { arena, browser } = await openArena()
    const { tab, id } = await join(browser, arena.url)
    // As from a page that has played for long: its numbers are high.
    await publishInputs(arena.server, [{ id, number: Date.now(), x: 0, y: 0 }])
    await tab.reload()
    await says(tab, 'good', /You are in/)
    await tab.waitForFunction(hasPlayer, id)
    await walk(tab, await roomyKey(tab, id), { seenBy: tab, id })
    expect((await shown(tab)).players).toHaveLength(1)
  },
)

test.runIf(hasChromium)(
  'between two ticks everything is shown on its way from the one to the other',
  async () => {
    const { arena, browser } = await openArena()
    const { tab } = await join(browser, arena.url)
    // Two states a tick apart, and one that comes late; asked at four moments of the page's own clock.
    const positions = await tab.evaluate(`import('/interpolation.js').then(({ Interpolation, delayMs }) => {
    const shown = new Interpolation()
    const state = (tick, x) => ({ tick, coins: [], players: [{ id: 'a', x, y: 0 }] })
    shown.add(state(1, 0), 1000)
    shown.add(state(2, 100), 1050)
    shown.add(state(3, 200), 1130)
    return [1000, 1025, 1050, 1075, 1100, 9000].map((ms) => shown.at(ms + delayMs).players[0].x)
  })`)
    expect(positions).toEqual([0, 50, 100, 150, 200, 200])
  },
)

test.runIf(hasChromium)(
  'what a player sends is a wish: who sends positions, nonsense or old inputs moves nobody',
  async () => {
    const { arena, browser } = await openArena()
    const { tab, id } = await join(browser, arena.url)
    const nonsense = [
      null,
      7,
      { id: 'someone else', number: 1, x: 1, y: 0 },
      { id, number: 'many', x: 1, y: 0 },
      { id, number: Number.MAX_SAFE_INTEGER, x: '1', y: 0 },
      { id, number: 1, x: 1, y: 0 },
    ]
    const before = await shown(tab)
    await publishInputs(arena.server, nonsense)
    await tab.waitForFunction(
      (tick) => (globalThis as unknown as { shownGame(): State }).shownGame().tick > tick,
      before.tick + 10,
    )
    expect((await shown(tab)).players).toEqual(
      before.players.map((player) => expect.objectContaining({ id, x: player.x, y: player.y })),
    )
  },
)

test.runIf(hasChromium)('a server that is gone is told in words', async () => {
  const { arena, browser } = await openArena()
  const { tab } = await join(browser, arena.url)
  await arena.end('SIGKILL')
  await says(tab, 'bad', /connection is lost/)
  expect(await accessibilityFaults(tab)).toEqual([])
})
