import type { connect, Way, WebSocketConstructor } from '@tidings/client'
import type { Attempt, Sighting } from '../support/history-checker.js'

/** How one client behaves, in words that reach a page. */
export interface Habit {
  readonly name: string
  /** The server's, behind the client's own network. */
  readonly url: string
  readonly channels: readonly string[]
  readonly ways?: Way | readonly Way[]
  readonly offset: '-1' | 'now'
  /** Takes its time with each message, and lets little wait. */
  readonly isSlow: boolean
  /** Ends its iteration after so many messages and begins another; 0 for never. */
  readonly leavesAfter: number
  /** To each channel. */
  readonly publishes: number
  /** Numbers from 0 (included) to 1 (excluded): its chances, again from the first when they are used up. */
  readonly chances: readonly number[]
}

export interface Hearing {
  readonly channel: string
  readonly startsAtBeginning: boolean
  hasReachedEnd: boolean
  readonly sightings: Sighting[]
}

/** What a client has to tell. It grows while it lives. */
export interface Account {
  readonly hearings: Hearing[]
  readonly attempts: (Attempt & { readonly channel: string })[]
  /** Errors that reached the program. */
  readonly trouble: string[]
  /** For a test's message: each way that carried, and why, each state. */
  readonly journal: string[]
}

/**
 * One client's life, until all its channels are closed. It runs in Node and in a page, where no closure reaches it. Its
 * clock runs ten times as fast as others: what would take half a minute to be noticed takes three seconds.
 *
 * @param tell called when all that it publishes was acknowledged or refused
 */
export async function live(
  runtime: { readonly connect: typeof connect; readonly webSocket?: WebSocketConstructor },
  habit: Habit,
  account: Account,
  tell: () => void,
): Promise<void> {
  let used = 0
  const random = () => habit.chances[used++ % habit.chances.length] as number
  const pause = (forMs: number) => new Promise<void>((resolve) => setTimeout(resolve, forMs))
  const startMs = performance.now()
  const note = (text: string) => {
    account.journal.push(`${Math.round(performance.now() - startMs)} ${text}`)
  }
  const clock = {
    now: () => performance.now() * 10,
    after(delayMs: number, action: () => void) {
      const timer = setTimeout(action, Math.min(delayMs / 10, 2 ** 31 - 1))
      return () => clearTimeout(timer)
    },
  }
  const { webSocket } = runtime
  const client = runtime.connect(habit.url, {
    clock,
    answerMs: 20_000,
    ...(habit.ways && { ways: habit.ways }),
    ...(webSocket && { webSocket }),
  })
  client.addEventListener('way', ({ detail }) => note(`${detail.way} (${detail.reason})`))
  client.addEventListener('way-failed', ({ detail }) => note(`not ${detail.way}: ${detail.error.message}`))
  client.addEventListener('state', ({ detail: { state, error, retryInMs } }) =>
    note(`${state} ${retryInMs ?? ''} ${error ? `${error.code}: ${error.message}` : ''}`),
  )

  async function hear(name: string): Promise<void> {
    const { offset, isSlow, leavesAfter } = habit
    const hearing: Hearing = {
      channel: name,
      startsAtBeginning: offset === '-1',
      hasReachedEnd: false,
      sightings: [],
    }
    account.hearings.push(hearing)
    const channel = client.channel(name, { offset, ...(isSlow && { maxQueuedLength: 500 }) })
    const iterate = async (): Promise<'left' | 'ended'> => {
      let rest = leavesAfter
      for await (const { data, offset } of channel.events()) {
        hearing.sightings.push({ message: JSON.stringify(data), offset })
        if (isSlow) await pause(random() * 30)
        if (--rest === 0) return 'left'
      }
      return 'ended'
    }
    try {
      while ((await iterate()) === 'left');
      hearing.hasReachedEnd = true
      note(`${name} ended`)
    } catch (error) {
      account.trouble.push(`hearing ${name}: ${(error as Error).stack}`)
    }
  }

  async function publish(name: string): Promise<void> {
    const channel = client.channel(name)
    const answers: Promise<void>[] = []
    for (let n = 0; n < habit.publishes; n++) {
      const message = { from: habit.name, n, text: 'Grüße 🍰' }
      const attempt = { channel: name, message: JSON.stringify(message), fate: 'unknown' as const }
      const index = account.attempts.push(attempt) - 1
      const answer = channel.publish(message).then(
        ({ offset }) => {
          account.attempts[index] = { ...attempt, fate: 'acknowledged', offset }
        },
        (error: Error) => {
          account.trouble.push(`publishing ${attempt.message}: ${error.stack}`)
        },
      )
      answers.push(answer)
      // Some wait for the answer, others go on.
      if (random() < 0.5) await answer
      await pause(random() * 150)
    }
    await Promise.all(answers)
  }

  const publishing = Promise.all(habit.channels.map(publish)).then(() => {
    note('published')
    tell()
  })
  await Promise.all([...habit.channels.map(hear), publishing])
  client.close()
}
