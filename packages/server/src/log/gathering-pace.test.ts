import { expect, test } from 'vitest'
import { Gathering, type GatheringClock } from './gathering.js'

/** A commit with its flush, milliseconds. */
const commitMs = 1

/** A clock that goes from one thing to the next, and what happened by it. */
class OwnClock implements GatheringClock {
  #nowMs = 0
  #next: { atMs: number; act: () => void }[] = []

  now(): number {
    return this.#nowMs
  }

  after(ms: number, act: () => void): () => void {
    const entry = { atMs: this.#nowMs + ms, act }
    this.#next.push(entry)
    this.#next.sort((one, other) => one.atMs - other.atMs)
    return () => {
      this.#next = this.#next.filter((each) => each !== entry)
    }
  }

  afterTurn(act: () => void): void {
    this.after(0, act)
  }

  runUntil(endMs: number): void {
    for (let next = this.#next[0]; next && next.atMs <= endMs; next = this.#next[0]) {
      this.#next.shift()
      this.#nowMs = next.atMs
      next.act()
    }
    this.#nowMs = endMs
  }
}

/** Commits of a millisecond each, gathered, and when each of their publishers came. */
function gatheredCommits() {
  const clock = new OwnClock()
  const commits: { beganAtMs: number; waitedMs: number[] }[] = []
  let waiting: { cameAtMs: number; told: () => void }[] = []
  let isCommitting = false
  const gathering = new Gathering(() => {
    const committing = waiting
    waiting = []
    isCommitting = true
    const beganAtMs = clock.now()
    commits.push({ beganAtMs, waitedMs: committing.map(({ cameAtMs }) => beganAtMs - cameAtMs) })
    clock.after(commitMs, () => {
      isCommitting = false
      gathering.kept(committing.length, waiting.length)
      for (const { told } of committing) told()
      if (waiting.length > 0) gathering.schedule(waiting.length)
    })
  }, clock)
  const publish = (told = () => {}) => {
    if (!isCommitting) gathering.schedule(waiting.length)
    waiting.push({ cameAtMs: clock.now(), told })
    gathering.came(waiting.length)
  }
  const publishEvery = (ms: number, endMs: number) => {
    for (let atMs = ms; atMs < endMs; atMs += ms) clock.after(atMs, () => publish())
  }
  const publishInTurn = (awayMs: number) => publish(() => clock.after(awayMs, () => publishInTurn(awayMs)))
  const waits = () => commits.flatMap(({ waitedMs }) => waitedMs)
  return { clock, commits, publishEvery, publishInTurn, waits }
}

test('publishers who do not wait for each other are kept together while they come often', () => {
  const { clock, commits, publishEvery, waits } = gatheredCommits()
  publishEvery(0.5, 200)
  clock.runUntil(300)
  expect(waits()).toHaveLength(399)
  // One would come in a commit's time, and be the next.
  expect(commits.length).toBeLessThan(399 / 4)
  // A commit's time and the longest wait.
  expect(Math.max(...waits())).toBeLessThanOrEqual(3)
})

test('where they come seldom each is kept at once', () => {
  const { clock, publishEvery, waits } = gatheredCommits()
  publishEvery(5, 200)
  // Now and then another comes while one is kept, and waits for no more than that.
  publishEvery(20.1, 200)
  clock.runUntil(300)
  expect(Math.max(...waits())).toBeLessThanOrEqual(commitMs)
})

test('who is alone waits for nobody, however fast it publishes', () => {
  const { clock, publishInTurn, waits } = gatheredCommits()
  publishInTurn(0.1)
  clock.runUntil(200)
  expect(waits().length).toBeGreaterThan(175)
  expect(Math.max(...waits())).toBe(0)
})

test('a few who wait for each acknowledgement are kept together, as soon as all have come', () => {
  const { clock, commits, publishInTurn } = gatheredCommits()
  for (const startMs of [0, 0.5, 1, 1.5]) clock.after(startMs, () => publishInTurn(0.1))
  clock.runUntil(200)
  const later = commits.slice(-20)
  expect(later.map(({ waitedMs }) => waitedMs.length)).toEqual(later.map(() => 4))
  expect(Math.max(...later.flatMap(({ waitedMs }) => waitedMs))).toBeLessThan(0.2)
})

test('after a pause the first is kept at once, whatever came before it', () => {
  const { clock, commits, publishEvery } = gatheredCommits()
  publishEvery(0.5, 100)
  clock.runUntil(110)
  const before = commits.length
  publishEvery(50, 60)
  clock.runUntil(200)
  expect(commits.slice(before).map(({ waitedMs }) => waitedMs)).toEqual([[0]])
})

test('after a commit that cost nothing the next one begins at once', () => {
  const clock = new OwnClock()
  const beganAtMs: number[] = []
  const gathering = new Gathering(() => beganAtMs.push(clock.now()), clock)
  gathering.kept(40, 0)
  gathering.keptCheaply()
  gathering.schedule(0)
  clock.runUntil(10)
  expect(beganAtMs).toEqual([0])
})
