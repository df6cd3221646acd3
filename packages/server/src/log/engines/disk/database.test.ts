import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { dataFileName, readRootPages } from './data-file.js'
import { Database } from './database.js'

const writes = 300

test.each(['fsync', 'os'] as const)(
  'with %s, a write that is told to be kept can be read, also while another writes',
  async (durability) => {
    const folder = await mkdtemp(join(tmpdir(), 'tidings-database-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const database = new Database(folder, { durability })
    const unreadable: string[] = []
    const write = async (writer: string) => {
      for (let count = 0; count < writes; count++) {
        const key = Buffer.from(`${writer}${count}`)
        // More than lmdb gathers before it starts to write.
        const more = Array.from({ length: count % 12 }, (_, place) => ({
          table: database.batches,
          key: Buffer.concat([key, Buffer.from([place])]),
          value: key,
        }))
        await database.write([...more, { table: database.about, key, value: key }])
        if (!database.about.get(key)) unreadable.push(key.toString())
      }
    }
    await Promise.all(['a', 'b', 'c'].map(write))
    await database.close()
    expect(unreadable).toEqual([])
  },
)

test.each(['fsync', 'os'] as const)(
  'with %s, a write is on its way before the next turn of the event loop, however long that one is',
  async (durability) => {
    const folder = await mkdtemp(join(tmpdir(), 'tidings-database-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const database = new Database(folder, { durability })
    const change = { table: database.about, key: Buffer.from('key'), value: Buffer.from('value') }
    await database.writeAndFlush([change])
    const file = await open(join(folder, dataFileName))
    onTestFinished(() => file.close())
    // Each commit writes the other one of the two root pages.
    const latestRoot = () => readRootPages(file.fd)?.latestAt
    const before = latestRoot()
    const written = database.write([change])
    // It asks for room first: that is there, and takes no turn.
    for (let ticks = 0; ticks < 20; ticks++) await undefined
    const giveUpMs = performance.now() + 5_000
    while (latestRoot() === before && performance.now() < giveUpMs);
    expect(latestRoot()).not.toBe(before)
    await written
    await database.close()
  },
)
