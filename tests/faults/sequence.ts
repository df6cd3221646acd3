import { closeChannel, createChannel, read } from '@tidings/client/ways'
import { FaultProxy } from '../support/fault-proxy/index.js'
import { type Attempt, describeFaults, findFaults, type PassRecord } from '../support/history-checker.js'
import { PassLog } from '../support/history-recorder.js'
import { randomOf } from '../support/random.js'
import { randomKinds } from './habits.js'
import type { Account, Habit } from './live.js'
import { publishUntil } from './publishers.js'
import { describeScript, play, randomScript, type Step } from './script.js'

/** Where clients live: in this process or in a page. */
export interface Place {
  /** The server itself. */
  readonly server: string
  /** What the clients' networks lead to: the server, or a proxy before it. */
  readonly behind: string
  /** Lives of the kinds that are told by their names; all by default. */
  readonly kinds?: readonly string[]
  /** @param onPublished called when all that it publishes was acknowledged or refused */
  readonly live: (habit: Habit, onPublished: () => void) => Promise<Life>
}

export interface Outcome {
  /** For a test's message; empty when nothing is. */
  readonly wrong: readonly string[]
  readonly accounts: readonly Account[]
}

/** A client that lives. */
export interface Life {
  readonly ended: Promise<void>
  /** What it has to tell so far. */
  account(): Promise<Account>
}

interface Client {
  readonly habit: Habit
  readonly script: readonly Step[]
  readonly proxy: FaultProxy
}

/** After the last fault everything must have been heard by then, milliseconds; it takes a few seconds. */
const deadlineMs = 40_000

/**
 * One sequence: three channels, three publishers at the server, and clients that each have a network of their own with a
 * script of faults, all by the seed's dice.
 *
 * @returns what is wrong, and what there was
 */
export async function runSequence(seed: number, place: Place): Promise<Outcome> {
  const random = randomOf(seed)
  const channels = ['a', 'b', 'c'].map((letter) => `faults/${seed}/${letter}`)
  for (const channel of channels) await createChannel({ server: place.server, channel })
  const clients = await comeIn(random, channels, place)
  try {
    return await liveThrough(clients, channels, place, random)
  } finally {
    for (const { proxy } of clients) proxy.stop()
  }
}

async function comeIn(random: () => number, channels: readonly string[], place: Place): Promise<Client[]> {
  // All dice are thrown, also for those that are left out: a seed stands for the same in each place.
  const kinds = randomKinds(random).map((kind) => ({
    ...kind,
    script: randomScript(random),
    chances: Array.from({ length: 97 }, random),
  }))
  return Promise.all(
    kinds
      .filter(({ name }) => place.kinds?.includes(name) ?? true)
      .map(async ({ script, ...kind }) => {
        const proxy = await FaultProxy.start({ url: place.behind })
        return { habit: { ...kind, url: proxy.url, channels }, script, proxy }
      }),
  )
}

async function liveThrough(
  clients: readonly Client[],
  channels: readonly string[],
  place: Place,
  random: () => number,
): Promise<Outcome> {
  let isOver = false
  const publishing = channels.map((channel) =>
    publishUntil(`${place.server}/v1/stream/${channel}`, 'direct', random, () => isOver),
  )
  const lives = await Promise.all(
    clients.map(async ({ habit, script, proxy }) => {
      const playing = play(proxy, script)
      let onPublished = () => {}
      const published = new Promise<void>((resolve) => {
        onPublished = resolve
      })
      const life = await place.live(habit, onPublished)
      return { habit, script, life, playing, published }
    }),
  )
  await Promise.all(lives.map(({ playing }) => playing))
  isOver = true
  const direct = await Promise.all(publishing)
  const deadline = pauseOnce(deadlineMs)
  await Promise.race([deadline.over, Promise.all(lives.map(({ published }) => published))])
  for (const channel of channels) await closeChannel({ server: place.server, channel })
  await Promise.race([deadline.over, Promise.all(lives.map(({ life }) => life.ended))])
  deadline.cancel()
  const accounts = await Promise.all(lives.map(({ life }) => life.account()))
  const told = lives.map(({ habit, script }, index) => ({
    habit,
    script,
    account: accounts[index] as Account,
  }))
  const histories = channels.map((channel, index) => common(place.server, channel, direct[index] ?? [], told))
  const wrong = [...told.flatMap(personal), ...(await Promise.all(histories)).flat()]
  return { wrong, accounts }
}

interface Told {
  readonly habit: Habit
  readonly script: readonly Step[]
  readonly account: Account
}

/** What one client has to complain about, or has not done. */
function personal({ habit, script, account }: Told): string[] {
  const { hearings, attempts, trouble, journal } = account
  const wrong = [
    ...trouble,
    ...attempts
      .filter(({ fate }) => fate !== 'acknowledged')
      .map(({ message }) => `not answered: ${message}`),
    ...hearings.filter(({ hasReachedEnd }) => !hasReachedEnd).map(({ channel }) => `never ended: ${channel}`),
    ...hearings.flatMap(({ sightings }) =>
      sightings.flatMap(({ offset = '' }, index) => {
        const before = sightings[index - 1]?.offset ?? ''
        return offset > before ? [] : [`offset ${offset} came after ${before}`]
      }),
    ),
  ]
  if (wrong.length === 0) return []
  const who = `${habit.name} (${JSON.stringify(habit.ways)})`
  return [
    `${who}: ${wrong.slice(0, 8).join('\n  ')}\n  its network: ${describeScript(script)}\n  ${journal.join('\n  ')}`,
  ]
}

/** What is wrong with a channel's history, as all tell it. */
async function common(
  server: string,
  channel: string,
  direct: readonly Attempt[],
  told: readonly Told[],
): Promise<string[]> {
  const reference = new PassLog('the server', '-1')
  for await (const batch of read({ server, channel }, { way: 'short-poll' })) reference.saw(batch)
  const passes: PassRecord[] = [
    reference,
    ...told.flatMap(({ habit, account }) =>
      account.hearings
        .filter((hearing) => hearing.channel === channel)
        .map((hearing) => ({ ...hearing, reader: habit.name })),
    ),
  ]
  const publishers = told.map(({ habit, account }) => ({
    publisher: habit.name,
    attempts: account.attempts.filter((attempt) => attempt.channel === channel),
  }))
  const faults = findFaults([{ publisher: 'direct', attempts: direct }, ...publishers], passes)
  return faults.length === 0 ? [] : [`${channel}: ${describeFaults(faults)}`]
}

function pauseOnce(forMs: number) {
  let cancel = () => {}
  const over = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, forMs)
    cancel = () => clearTimeout(timer)
  })
  return { over, cancel }
}
