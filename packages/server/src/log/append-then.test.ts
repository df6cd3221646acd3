import { Problem } from '@tidings/protocol'
import { expect, test } from 'vitest'
import type { Append, AppendOutcome } from './append.js'
import type { Channel } from './channel.js'
import { Log } from './log.js'
import { standingLog, turns } from './standing-log-suite.js'

const empty = { contentType: 'application/json', messages: [] }
const messages = [Buffer.from('1')]
const producer = (seq: number) => ({ id: 'p', epoch: 0, seq })
const refusal = (code: string) => expect.objectContaining({ code })

/** A channel to append to, and what publishers were told so far, by their names. */
async function tellingLog(options: { onMistake?: (error: unknown) => void } = {}) {
  const standing = standingLog('before', options)
  const { log } = standing
  const { channel } = await log.create('cake', empty)
  const told: [who: string, what: AppendOutcome | Error][] = []
  const append = (who: string, what: Append, to: Channel = channel) =>
    log.appendThen(to, what, (result) => told.push([who, result]))
  return { ...standing, channel, told, append, who: () => told.map(([name]) => name) }
}

const kept = (log: Log) => new Promise<void>((resolve) => log.onKept(() => setImmediate(resolve)))

test('publishers are told in the order of admission, after the readers of their commit and with where each ends', async () => {
  const { log, channel, told, append, who } = await tellingLog()
  const heard: string[][] = []
  log.onKept(() => heard.push(who()))
  append('first', { messages })
  append('second', { messages: [...messages, ...messages] })
  append('closer', { messages: [], close: true })
  expect(told).toEqual([])
  await kept(log)
  expect(heard).toEqual([[]])
  expect(told).toEqual([
    ['first', { nextOffset: channel.offsetAt(1), isDuplicate: false, isClosed: false }],
    ['second', { nextOffset: channel.offsetAt(3), isDuplicate: false, isClosed: false }],
    ['closer', { nextOffset: channel.offsetAt(3), isDuplicate: false, isClosed: true }],
  ])
})

test('a publisher is told in the turn in which its commit is kept', async () => {
  const { log, append, who } = await tellingLog()
  let isTold: string[] | undefined
  log.onKept(() => queueMicrotask(() => (isTold = who())))
  append('first', { messages })
  await kept(log)
  expect(isTold).toEqual(['first'])
})

test('what is appended by who is just told is of the next commit', async () => {
  const { log, channel, stand, goOn, told, append, who } = await tellingLog()
  log.appendThen(channel, { messages }, (result) => {
    told.push(['first', result])
    stand()
    append('again', { messages })
  })
  append('second', { messages })
  await kept(log)
  await turns()
  expect(who()).toEqual(['first', 'second'])
  goOn()
  await turns()
  expect(who()).toEqual(['first', 'second', 'again'])
})

test('a duplicate is told only when its original is kept, and in its turn', async () => {
  const { stand, goOn, told, append, who } = await tellingLog()
  stand()
  append('original', { messages, producer: producer(0) })
  await turns()
  append('duplicate', { messages, producer: producer(0) })
  await turns()
  expect(who()).toEqual([])
  goOn()
  await turns()
  expect(who()).toEqual(['original', 'duplicate'])
  expect(told[1]?.[1]).toMatchObject({ isDuplicate: true, lastSeq: 0 })
})

test('a refusal that stands on appends under way is told when they are kept, and in its turn', async () => {
  const { stand, goOn, told, append, who } = await tellingLog()
  stand()
  append('first', { messages, producer: producer(0) })
  append('gap', { messages, producer: producer(5) })
  append('next', { messages, producer: producer(1) })
  await turns()
  expect(who()).toEqual([])
  goOn()
  await turns()
  expect(who()).toEqual(['first', 'gap', 'next'])
  expect(told[1]?.[1]).toEqual(refusal('producer-gap'))
})

test('a refusal that stands on nothing unkept is told in the turn of its append', async () => {
  const { log, told, append } = await tellingLog()
  const { channel: closed } = await log.create('closed', { ...empty, closed: true })
  append('late', { messages }, closed)
  append('gap', { messages, producer: producer(5) })
  expect(told).toEqual([
    ['late', refusal('channel-closed')],
    ['gap', refusal('producer-gap')],
  ])
  await log.remove('cake')
  append('gone', { messages })
  expect(told[2]).toEqual(['gone', refusal('channel-unknown')])
})

test('a refusal of what an earlier run kept is told in the turn of its append', async () => {
  const { log, told } = await tellingLog()
  const later = new Log(log.engine)
  later.appendThen(later.findToAppend('cake'), { messages, producer: producer(5) }, (result) =>
    told.push(['gap', result]),
  )
  expect(told).toEqual([['gap', refusal('producer-gap')]])
})

test('when a commit fails, all that it and the next one would have kept are told why, and so is whoever comes later', async () => {
  const { log, stand, fail, told, append } = await tellingLog()
  stand()
  append('first', { messages, producer: producer(0) })
  append('refused', { messages, producer: producer(5) })
  await turns()
  append('second', { messages })
  fail(new Error('no disk'))
  await turns()
  append('third', { messages })
  const unkept = refusal('storage-unavailable')
  expect(told).toEqual(['first', 'refused', 'second', 'third'].map((who) => [who, unkept]))
  expect(told[0]?.[1]).toBe(log.failure)
})

test('closing the log keeps what was admitted, and tells of it first', async () => {
  const { log, append, who } = await tellingLog()
  append('first', { messages })
  append('second', { messages })
  await log.close()
  expect(who()).toEqual(['first', 'second'])
})

test('a first append tells of the channel that it made', async () => {
  const { log } = standingLog('before', { isMadeByUse: () => true })
  const draft = log.findToAppend('new', () => 'application/json')
  const result = await new Promise((settled) => log.appendThen(draft, { messages }, settled))
  expect(result).toMatchObject({ nextOffset: log.find('new').nextOffset })
})

test('what one publisher throws is told as a mistake, and the others are told what they wait for', async () => {
  const mistakes: unknown[] = []
  const { log, channel, append, who } = await tellingLog({ onMistake: (mistake) => mistakes.push(mistake) })
  const mistake = new Error('in a callback')
  const broken = () => {
    throw mistake
  }
  append('first', { messages })
  log.appendThen(channel, { messages }, broken)
  append('third', { messages })
  const promised = log.append(channel, { messages })
  await kept(log)
  expect(who()).toEqual(['first', 'third'])
  expect(await promised).toMatchObject({ nextOffset: channel.offsetAt(4) })
  log.appendThen(channel, { messages, producer: producer(5) }, broken)
  expect(mistakes).toEqual([mistake, mistake])
})

test('who awaits an append is refused with the problem that a callback is told', async () => {
  const { log, channel } = await tellingLog()
  const refused = log.append(channel, { messages, producer: producer(5) })
  await expect(refused).rejects.toBeInstanceOf(Problem)
})
