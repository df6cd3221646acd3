import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
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
