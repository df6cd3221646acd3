import { closeSync, fstatSync, openSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { randomOf, seedOfRun } from '../../../../../../tests/support/random.js'
import { temporaryFolder } from '../../../../../../tests/support/test-server.js'
import { Room } from './room.js'

const pageBytes = 4096

/** A file that begins as LMDB's does, and in which "commits" take pages up to the one that it names as the last. */
async function fileWithRootPages() {
  const file = join(await temporaryFolder(), 'data.mdb')
  const handle = openSync(file, 'w+')
  onTestFinished(() => closeSync(handle))
  let lastPage = 1
  const writeRoots = () => {
    for (const at of [0, pageBytes]) {
      const page = Buffer.alloc(pageBytes)
      page.writeUInt16LE(8, 18)
      page.writeUInt32LE(0xbeefc0de, 24)
      page.writeUInt32LE(pageBytes, 48)
      page.writeBigUInt64LE(BigInt(lastPage), 144)
      writeSync(handle, page, 0, pageBytes, at)
    }
  }
  writeRoots()
  return {
    file,
    take(pages: number) {
      lastPage += pages
      writeRoots()
    },
    /** Whether all pages in use are within the file. */
    holds: () => (lastPage + 1) * pageBytes <= fstatSync(handle).size,
  }
}

test('a commit that takes all it was promised never passes the end of the file, however looks and commits fall', async () => {
  const seed = seedOfRun()
  const random = randomOf(seed)
  const { file, take, holds } = await fileWithRootPages()
  const room = new Room(file)
  const commit = async () => {
    const change = { keys: Math.floor(random() * 200), bytes: Math.floor(random() * 400_000) }
    const settle = await room.ensure(change)
    for (let turns = Math.floor(random() * 4); turns > 0; turns--) await nextTurn()
    take(64 + 3 * change.keys + Math.ceil(change.bytes / pageBytes))
    expect(holds(), `seed ${seed}`).toBe(true)
    if (random() < 0.5) await nextTurn()
    settle()
  }
  for (let round = 0; round < 150; round++) {
    await Promise.all(Array.from({ length: 1 + Math.floor(random() * 3) }, commit))
  }
  await room.close()
})

test('commits that take nothing new do not let the file grow', async () => {
  const { file } = await fileWithRootPages()
  const room = new Room(file)
  for (let round = 0; round < 100; round++) {
    const settle = await room.ensure({ keys: 10, bytes: 10_000 })
    settle()
    await nextTurn()
  }
  await room.close()
  // They were promised 40 MiB, and took none of it.
  expect(statSync(file).size).toBeLessThan(8 * 2 ** 20)
})
