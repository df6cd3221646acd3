// node verify.mjs DATA DURABILITY: opens what a power cut left, in a process of its own, and holds it against
// the notes on stdin (a JSON array). Prints what is wrong, as JSON:
//
//   lost      what was acknowledged and is not there
//   wrong     what no cut may cause: gaps, a wrong order, damage, a producer that disagrees with its messages
//   isFlagged whether the engine itself says that data may be gone

import { readFileSync } from 'node:fs'
import { openDiskEngine } from '../../packages/server/dist/log/engines/disk/index.js'

const [data, durability] = process.argv.slice(2)
const notes = JSON.parse(readFileSync(0, 'utf8'))
const lost = []
/** Names of channels of which retention has dropped something. */
const retained = new Set()
const wrong = []

/** What was told of each channel, by its history: a name may have several. */
const channels = new Map()
for (const note of notes) {
  // Who hears a channel tells of it too, though another has made it.
  if (note.told === 'refused' || (note.told === 'created' && channels.has(note.history))) continue
  if (note.told === 'earliest') {
    const told = channels.get(note.history)
    if (told) told.earliest = Math.max(told.earliest, note.earliest)
  } else if (note.told === 'appended') channels.get(historyOf(note.nextOffset))?.appended.push(note)
  else if (note.told === 'created')
    channels.set(note.history, { ...note, appended: [], earliest: 0, removal: undefined })
  else channels.get(note.history).removal = note.told
}

const engine = await openDiskEngine({ folder: data, durability })
const isFlagged = engine.dataMayBeGone
for (const told of channels.values()) await checkChannel(told)
for (const record of engine.channels(undefined, 10_000)) {
  if (record.history > engine.lastHistory) wrong.push(`${record.name} has a history that was not minted yet`)
  if (!channels.has(record.history)) await readAll(record)
}
await checkThatItGoesOn()
console.log(JSON.stringify({ lost, wrong, isFlagged }))

async function checkChannel({ channel, history, appended, earliest, removal }) {
  const record = engine.channel(channel)
  if (record?.history !== history) {
    if (removal === undefined) lost.push(`channel ${channel}`)
    return
  }
  if (removal === 'removed') lost.push(`the removal of ${channel}`)
  const { first, messages } = await readAll(record)
  // A position that readers were refused is not given to them again.
  if (first < earliest) lost.push(`that ${channel} begins at ${earliest}: it begins at ${first}`)
  const counts = countOf(channel, messages)
  for (const { publisher, n, nextOffset } of appended) {
    const at = positionOf(nextOffset) - 1
    // Dropped by retention; that it drops no more than it may is seen where all is read.
    if (at < first) continue
    const message = messages[at - first]
    if (message === undefined) lost.push(`message ${n} of publisher ${publisher} in ${channel}`)
    else if (message.publisher !== publisher || message.n !== n) {
      wrong.push(`${nextOffset} of ${channel} is another message than was told`)
    }
  }
  for (const [publisher, count] of counts) {
    const state = engine.producer(record.id, `publisher-${publisher}`)
    if (state?.lastSeq !== count - 1) {
      wrong.push(`publisher ${publisher} of ${channel}: state ${state?.lastSeq}, messages up to ${count - 1}`)
    }
  }
}

/** Messages of each publisher come in order, without a gap, from the first that is left on. */
function countOf(channel, messages) {
  const counts = new Map()
  const isWhole = !retained.has(channel)
  for (const { publisher, n } of messages) {
    const expected = counts.get(publisher) ?? (isWhole ? 0 : n)
    if (n !== expected)
      wrong.push(`${channel}: message ${n} of publisher ${publisher} where ${expected} belongs`)
    counts.set(publisher, expected + 1)
  }
  return counts
}

/** From the earliest that is left; batches before it may still be there, and end where it begins. */
async function readAll(record) {
  const messages = []
  const first = record.earliest ?? 0
  if (first > 0) retained.add(record.name)
  let position = (await engine.read(record.id, 0, 1))[0]?.start ?? first
  if (position > first) wrong.push(`${record.name} begins at ${first}, and its batches at ${position}`)
  for (;;) {
    const batches = await engine.read(record.id, position, 64 << 10)
    if (batches.length === 0) break
    for (const batch of batches) {
      if (batch.start !== position)
        wrong.push(`${record.name}: a batch at ${batch.start}, expected ${position}`)
      if (batch.history !== record.history) wrong.push(`${record.name}: a batch of history ${batch.history}`)
      if (batch.start < first && batch.end > first) wrong.push(`${record.name} begins within a batch`)
      if (batch.start >= first) messages.push(...JSON.parse(`[${Buffer.from(batch.payload)}]`))
      position = batch.end
    }
  }
  if (first > 0 && messages.length < (record.retention?.count ?? Number.POSITIVE_INFINITY))
    wrong.push(
      `${record.name}: ${messages.length} messages are left, and ${record.retention?.count} are to stay`,
    )
  if (engine.tail(record.id) !== position)
    wrong.push(`${record.name}: the tail is not the end of what is read`)
  return { first, messages }
}

async function checkThatItGoesOn() {
  const id = engine.lastHistory + 1
  const record = { id, name: 'after', history: id, contentType: 'text/plain', createdAtMs: 1 }
  await engine.commit({ batches: [], channels: [record], producers: [], removed: [], lastHistory: id })
  await engine.close()
  const again = await openDiskEngine({ folder: data, durability })
  if (again.channel('after')?.id !== id) wrong.push('what was kept after the cut is not there')
  await again.close()
}

function historyOf(offset) {
  return Number(offset.slice(0, 16))
}

function positionOf(offset) {
  return Number(offset.slice(17))
}
