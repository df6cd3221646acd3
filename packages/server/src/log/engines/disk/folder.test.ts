import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Problem } from '@tidings/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Batch } from '../../batch.js'
import { packBatches } from '../../batch.js'
import type { Commit } from '../../engine.js'
import { readRootPages } from './data-file.js'
import { Database } from './database.js'
import { readFolderRecord } from './folder-record.js'
import { openDiskEngine } from './open.js'
import { verifyFolder } from './verify.js'

let folder: string
let holder: ChildProcess | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidings-folder-'))
})

afterEach(async () => {
  holder?.kill('SIGKILL')
  holder = undefined
  await rm(folder, { recursive: true, force: true })
})

test('the second server on one data folder is refused and told which process holds it', async () => {
  holder = await startHolder(folder)
  const refusal = await refusalOf(openDiskEngine({ folder, durability: 'fsync' }))
  expect(refusal.code).toBe('storage-unavailable')
  expect(refusal.message).toContain(`process ${holder.pid} on host`)
  expect(refusal.message).toContain('--data')
})

test('a folder is free again when the process that held it was killed', async () => {
  holder = await startHolder(folder)
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  const engine = await openDiskEngine({ folder, durability: 'fsync' })
  await engine.close()
})

test('a second engine of one process is refused too, until the first is closed', async () => {
  const first = await openDiskEngine({ folder, durability: 'fsync' })
  const refusal = await refusalOf(openDiskEngine({ folder, durability: 'fsync' }))
  expect(refusal.message).toContain(`process ${process.pid} on host`)
  await first.close()
  const second = await openDiskEngine({ folder, durability: 'fsync' })
  await second.close()
})

test('a folder is made with all that lead to it, also when its name looks like that of a file', async () => {
  const deep = join(folder, 'not', 'there', 'yet.d')
  const engine = await openDiskEngine({ folder: deep, durability: 'fsync' })
  await engine.commit(commitOf({ lastHistory: 7 }))
  await engine.close()
  expect(JSON.parse(await readFile(join(deep, 'tidings.json'), 'utf8'))).toMatchObject({ format: 2 })
})

test('a folder that can not be written is refused with what to do', async () => {
  const file = join(folder, 'file')
  await writeFile(file, '')
  const refusal = await refusalOf(openDiskEngine({ folder: join(file, 'data'), durability: 'fsync' }))
  expect(refusal.code).toBe('storage-unavailable')
  expect(refusal.message).toMatch(/ENOTDIR.*name another folder with --data or TIDINGS_DATA/)
})

test('a folder on a disk that is full is refused with what to do', async () => {
  // Whatever is written there finds no space.
  await symlink('/dev/full', join(folder, 'tidings.json.new'))
  const refusal = await refusalOf(openDiskEngine({ folder, durability: 'fsync' }))
  expect(refusal.message).toMatch(/ENOSPC.*Make room there/)
})

test('a folder of a newer format is refused, and left as it is', async () => {
  const engine = await openDiskEngine({ folder, durability: 'fsync' })
  await engine.close()
  const newer = JSON.stringify({ format: 3, durability: 'fsync' })
  await writeFile(join(folder, 'tidings.json'), newer)
  const refusal = await refusalOf(openDiskEngine({ folder, durability: 'fsync' }))
  expect(refusal.message).toMatch(/format 3.*Start the version that made it, or a newer one/)
  expect(await readFile(join(folder, 'tidings.json'), 'utf8')).toBe(newer)
})

test('a bit that changed in what the folder says of itself is found, or does no harm', async () => {
  const file = join(folder, 'tidings.json')
  const engine = await openDiskEngine({ folder, durability: 'os' })
  await engine.close()
  const sound = await readFile(file)
  const truth = await readFolderRecord(folder)
  const misread: string[] = []
  for (let bit = 0; bit < sound.byteLength * 8; bit++) {
    const damaged = Buffer.from(sound)
    damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7))
    await writeFile(file, damaged)
    const read = await readFolderRecord(folder).catch((error: unknown) => {
      expect(error).toBeInstanceOf(Problem)
      return truth
    })
    // To be in doubt whether all is on the disk, and in which run it was, only costs new histories.
    if (read?.durability !== 'os' || read.format !== truth?.format) misread.push(damaged.toString())
    if (read?.isSettled && !truth?.isSettled) misread.push(damaged.toString())
  }
  expect(misread).toEqual([])
})

test('a database that Tidings did not make is refused', async () => {
  await writeFile(join(folder, 'data.mdb'), 'of another program')
  const refusal = await refusalOf(openDiskEngine({ folder, durability: 'fsync' }))
  expect(refusal.message).toContain('holds a database that Tidings did not make')
})

test.each([
  ['a few bytes', () => Buffer.from('x'.repeat(100)), 'is no database'],
  ['nothing but zeros', (sound: Buffer) => Buffer.alloc(sound.byteLength), 'is no database'],
  ['nothing but its first two pages', (sound: Buffer) => sound.subarray(0, 8192), 'was cut off'],
])('a database of which %s is left is refused, and not made anew', async (_, damage, why) => {
  const engine = await openDiskEngine({ folder, durability: 'fsync' })
  await engine.close()
  const damaged = damage(await readFile(join(folder, 'data.mdb')))
  await writeFile(join(folder, 'data.mdb'), damaged)
  const refusal = await refusalOf(openDiskEngine({ folder, durability: 'fsync' }))
  expect(refusal.code).toBe('storage-damaged')
  expect(refusal.message).toContain(why)
  expect((await readFile(join(folder, 'data.mdb'))).equals(damaged)).toBe(true)
})

test.each(['fsync', 'os'] as const)(
  'a data file that ends before its last page is refused; one without the room behind that is whole (%s)',
  async (durability) => {
    const file = join(folder, 'data.mdb')
    const engine = await openDiskEngine({ folder, durability })
    for (let id = 1; id <= 50; id++) await engine.commit(commitWith(id))
    await engine.close()
    const sound = await readFile(file)
    const handle = await open(file)
    const { pageBytes = 0, latestLastPage = 0 } = readRootPages(handle.fd) ?? {}
    await handle.close()
    for (const pages of [latestLastPage, Math.floor(latestLastPage / 2), 3]) {
      await writeFile(file, sound.subarray(0, pages * pageBytes))
      const refusal = await refusalOf(openDiskEngine({ folder, durability }))
      expect(refusal.code).toBe('storage-damaged')
      expect(refusal.message).toContain('was cut off')
    }
    await writeFile(file, sound.subarray(0, (latestLastPage + 1) * pageBytes))
    const again = await openDiskEngine({ folder, durability })
    for (let id = 1; id <= 50; id++) expect(await again.read(id, 0, 1)).toHaveLength(1)
    await again.close()
  },
)

test('verify finds messages of a memory channel, which are never to be on the disk', async () => {
  const engine = await openDiskEngine({ folder, durability: 'fsync' })
  const commit = commitWith(1)
  const [channel] = commit.channels
  if (!channel) throw new Error('it has one')
  await engine.commit({ ...commit, channels: [{ ...channel, durability: 'memory' }] })
  await engine.close()
  const { faults } = await verifyFolder(folder)
  expect(faults).toEqual(['channel "channel-1" is in memory, and a batch of it is here'])
})

/** A channel with a batch that takes a page. */
function commitWith(id: number): Commit {
  const record = { id, name: `channel-${id}`, history: id, contentType: 'text/plain', createdAtMs: 1 }
  const messages = [Buffer.alloc(3_000, 'x')]
  const batches = packBatches(messages, { kind: 'text', history: id, start: 0, committedAtMs: 1 })
  return {
    batches: batches.map((batch) => ({ channelId: id, batch })),
    channels: [record],
    producers: [],
    removed: [],
    lastHistory: id,
  }
}

test('the sweep of a removed channel goes on where it was when the folder is opened again', async () => {
  const messages = Array.from({ length: 5000 }, (_, start) => batchAt(start))
  const record = { id: 1, name: 'long', history: 1, contentType: 'application/json', createdAtMs: 1 }
  const engine = await openDiskEngine({ folder, durability: 'fsync' })
  await engine.commit(
    commitOf({ channels: [record], batches: messages.map((batch) => ({ channelId: 1, batch })) }),
  )
  await engine.commit(commitOf({ removed: [record] }))
  await engine.close()
  expect(await keysLeft(folder)).toBeGreaterThan(0)

  for (let opened = 0; (await keysLeft(folder)) > 0; opened++) {
    expect(opened).toBeLessThan(20)
    const again = await openDiskEngine({ folder, durability: 'fsync' })
    expect(again.channel('long')).toBeUndefined()
    expect(again.tail(1)).toBe(0)
    await again.close()
  }
})

test('with durability os, only the stop of the operating system makes data that was heard doubtful', async () => {
  const first = await openDiskEngine({ folder, durability: 'os' })
  expect(first.dataMayBeGone).toBe(false)
  await first.close()
  await pretendCrash({ isOtherBoot: false })
  const killed = await openDiskEngine({ folder, durability: 'os' })
  expect(killed.dataMayBeGone).toBe(false)
  await killed.close()
  await pretendCrash({ isOtherBoot: true })
  const cut = await openDiskEngine({ folder, durability: 'fsync' })
  expect(cut.dataMayBeGone).toBe(true)
  await cut.close()
  const still = await openDiskEngine({ folder, durability: 'fsync' })
  expect(still.dataMayBeGone).toBe(true)
  await still.commit(commitOf({}))
  expect(still.dataMayBeGone).toBe(false)
  await still.close()
  const settled = await openDiskEngine({ folder, durability: 'fsync' })
  expect(settled.dataMayBeGone).toBe(false)
  await settled.close()
})

/** What the folder says of itself after a process that was killed, in this run of the system or an earlier. */
async function pretendCrash({ isOtherBoot }: { isOtherBoot: boolean }): Promise<void> {
  const file = join(folder, 'tidings.json')
  const record: object = JSON.parse(await readFile(file, 'utf8'))
  const crashed = { ...record, isSettled: false, ...(isOtherBoot && { bootId: 'of another run' }) }
  await writeFile(file, JSON.stringify(crashed))
}

async function keysLeft(at: string): Promise<number> {
  const database = new Database(at, { durability: 'fsync' })
  const count = database.batches.getKeysCount() + database.removed.getKeysCount()
  await database.close()
  return count
}

function batchAt(start: number): Batch {
  const at = { kind: 'json' as const, history: 1, start, committedAtMs: 1 }
  return packBatches([Buffer.from('0')], at)[0] as Batch
}

function commitOf(parts: Partial<Commit>): Commit {
  return { batches: [], channels: [], producers: [], removed: [], lastHistory: 1, ...parts }
}

async function refusalOf(opening: Promise<unknown>): Promise<Problem> {
  const outcome = await opening.catch((error: unknown) => error)
  expect(outcome).toBeInstanceOf(Problem)
  return outcome as Problem
}

/** A process of its own, the built engine in it, that holds the folder until it is killed. */
async function startHolder(held: string): Promise<ChildProcess> {
  const built = fileURLToPath(new URL('../../../../dist/log/engines/disk/index.js', import.meta.url))
  const program = `
    import { openDiskEngine } from ${JSON.stringify(built)}
    await openDiskEngine({ folder: ${JSON.stringify(held)}, durability: 'fsync' })
    console.log('holds it')
    setInterval(() => {}, 60_000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`The holder ended with ${code}`))),
  ])
  return child
}
