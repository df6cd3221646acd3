import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { cut, type Durability, type Finding } from './cuts.js'
import { DiskAfterCut } from './disk-after-cut.js'
import {
  discard,
  discardLayer,
  type Program,
  type Recording,
  readRecording,
  record,
  type Syncs,
  whyNotBuilt,
} from './recording.js'

const cuts = Number(process.env.CUTS ?? 40)
const fewerCuts = Math.ceil(cuts / 4)
const firstSeed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))
/** Where the check is to find something it goes on until it has: that a few cuts find nothing is no surprise. */
const mostCuts = 400

/** A folder that a failed test has kept: its cuts again, by their seeds. */
const keptRecording = process.env.POWER_CUT_RECORDING
const recordings: Recording[] = []

const reason = whyNotBuilt()
if (reason && !process.env.CI) console.warn(`Power cuts are not tested here: ${reason}`)

describe.skipIf(reason !== undefined && !process.env.CI)('after a power cut', { timeout: 600_000 }, () => {
  afterAll(discardLayer)

  afterEach(({ task }) => {
    for (const recording of recordings.splice(0)) {
      if (task.result?.state !== 'fail') discard(recording)
      else console.error(`Kept; again with POWER_CUT_RECORDING=${recording.folder} SEED=… CUTS=1 -t '…'`)
    }
  })

  test('the layer sees all that the engine writes: the disk that is built from it is the one that is there', async () => {
    const recording = await recordLoad('fsync', 'done')
    const disk = new DiskAfterCut(recording.top, recording.topInode)
    for (const operation of recording.operations) disk.hear(operation)
    const built = join(recording.folder, 'built')
    disk.layWhole(built)
    for (const name of ['data.mdb', 'tidings.json']) {
      const there = readFileSync(join(recording.top, 'data', name))
      expect(Buffer.compare(readFileSync(join(built, 'data', name)), there)).toBe(0)
    }
    expect(readdirSync(join(built, 'data'))).toEqual(readdirSync(join(recording.top, 'data')))
  })

  test('everything that the server acknowledged is there, in order, and nothing is damaged', async () => {
    const recording = await recordLoad('fsync', 'done', { load: 'load-server.mjs' })
    expect(cutOften(recording, 'fsync', { times: cuts }).filter(isBad)).toEqual([])
  })

  test('the same of the disk engine with nothing but the log above it', async () => {
    const recording = await recordLoad('fsync', 'done')
    expect(cutOften(recording, 'fsync', { times: fewerCuts }).filter(isBad)).toEqual([])
  })

  test('the same while retention drops: no more than it may, and where a channel begins never goes back', async () => {
    const recording = await recordLoad('fsync', 'done', { retained: 5 })
    const dropped = recording.operations.filter(
      (each) => each.kind === 'note' && each.note.told === 'earliest' && each.note.earliest > 0,
    )
    expect(dropped.length).toBeGreaterThan(100)
    expect(cutOften(recording, 'fsync', { times: cuts }).filter(isBad)).toEqual([])
  })

  test('the same with durability os, where what was acknowledged last may be lost: nothing is out of order', async () => {
    const recording = await recordLoad('os', 'done', { retained: 5 })
    const findings = cutOften(recording, 'os', { times: fewerCuts })
    expect(findings.flatMap(({ wrong }) => wrong)).toEqual([])
    expect(findings.filter((finding) => isLosing(finding) && !finding.isFlagged)).toEqual([])
  })

  test('a flush that failed is the last: no commit is acknowledged after it, and none before it is lost', async () => {
    const recording = await recordLoad('fsync', 'fail-one-after:30')
    const notes = recording.operations.flatMap((operation) =>
      operation.kind === 'note' ? [operation.note] : [],
    )
    const refused = notes.findIndex(({ told }) => told === 'refused')
    expect(notes[refused]).toEqual({ told: 'refused', code: 'storage-unavailable' })
    expect(new Set(notes.slice(refused).map(({ told }) => told))).toEqual(new Set(['refused']))
    const findings = cutOften(recording, 'fsync', { times: fewerCuts })
    expect(findings.filter(isBad)).toEqual([])
  })

  test('what is heard after a process was killed in the midst of a commit survives a power cut too', async () => {
    const next = [programFile('hear.mjs'), '{data}', '{trace}', 'fsync']
    const recording = await recordLoad('fsync', 'kill-in-write:40', { next })
    const findings = cutOften(recording, 'fsync', { times: fewerCuts, place: 'end' })
    expect(findings.filter(isBad)).toEqual([])
  })

  test('channels that ask for fsync lose nothing on a server of durability os either', async () => {
    const recording = await recordLoad('os', 'done', { channels: 'fsync' })
    expect(cutOften(recording, 'os', { times: fewerCuts }).filter(isBad)).toEqual([])
  })

  test('the check notices that durability os acknowledges before it is on the disk', async () => {
    const findings = cutOften(await recordLoad('os', 'done'), 'os', {
      times: fewerCuts,
      until: isLosing,
    })
    expect(findings.filter(isLosing)).not.toEqual([])
    // What is lost is the end, and the engine says so: nothing is damaged or out of order.
    expect(findings.flatMap(({ wrong }) => wrong)).toEqual([])
    expect(findings.filter((finding) => isLosing(finding) && !finding.isFlagged)).toEqual([])
  })

  test('the check notices when the syncs are left out', async () => {
    const findings = cutOften(await recordLoad('fsync', 'leave-out'), 'fsync', { times: 1, until: isBad })
    expect(findings.filter(isBad)).not.toEqual([])
  })
})

function isLosing({ lost }: Finding): boolean {
  return lost.length > 0
}

function isBad({ lost, wrong }: Finding): boolean {
  return lost.length + wrong.length > 0
}

async function recordLoad(
  durability: Durability,
  syncs: Syncs,
  {
    load = 'load.mjs',
    next,
    channels = '',
    retained = '',
  }: { load?: string; next?: Program; channels?: Durability | ''; retained?: number | '' } = {},
): Promise<Recording> {
  if (keptRecording) return readRecording(keptRecording, syncs)
  const program = [
    programFile(load),
    '{data}',
    '{trace}',
    durability,
    `${firstSeed}`,
    channels,
    `${retained}`,
  ]
  const recording = await record(program, syncs, next)
  recordings.push(recording)
  return recording
}

function programFile(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}

/** @param options.until  goes on, beyond `times`, until a finding is of this kind */
function cutOften(
  recording: Recording,
  durability: Durability,
  options: { times: number; place?: 'end'; until?: (finding: Finding) => boolean },
): Finding[] {
  const { times, place, until } = options
  const findings: Finding[] = []
  const isDone = () => findings.length >= times && (!until || findings.some(until))
  while (!isDone() && findings.length < Math.max(times, mostCuts)) {
    findings.push(cut(recording, firstSeed + findings.length, durability, place))
  }
  report(durability, recording, findings)
  return findings
}

function report(durability: Durability, recording: Recording, findings: readonly Finding[]): void {
  const { operations } = recording
  const count = (kind: string) => operations.filter((operation) => operation.kind === kind).length
  const bad = findings.filter(isBad)
  console.info(
    `power cuts (${durability}, syncs ${recording.syncs}): SEED=${firstSeed}, ${findings.length} cuts of ` +
      `${count('write')} writes, ${count('sync-done')} syncs and ${count('note')} notes: ` +
      `${bad.length} lost or damaged something` +
      (bad.length > 0 ? `, by seed ${bad.map(({ seed }) => seed).join(' ')}` : ''),
  )
}
