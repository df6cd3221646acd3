import { copyFile, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { startServer, verifyFolder } from 'tidings'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../support/test-server.js'

const json = { 'content-type': 'application/json' }

/** As a server of that format left it: `cake` with three messages, `notes` with a text, `closed`. */
async function folderOfFormat1(): Promise<string> {
  const fixture = fileURLToPath(new URL('format-1/', import.meta.url))
  const folder = await temporaryFolder()
  await copyFile(join(fixture, 'tidings.json'), join(folder, 'tidings.json'))
  await writeFile(join(folder, 'data.mdb'), gunzipSync(await readFile(join(fixture, 'data.mdb.gz'))))
  return folder
}

async function formatOf(folder: string): Promise<unknown> {
  return (JSON.parse(await readFile(join(folder, 'tidings.json'), 'utf8')) as { format: unknown }).format
}

test('a folder of the first format is brought up to the present one, with all that it holds', async () => {
  const folder = await folderOfFormat1()
  expect((await verifyFolder(folder)).faults).toEqual([])
  const server = await startServer({ data: folder, port: 0 })
  onTestFinished(() => server.close())
  expect(await formatOf(folder)).toBe(2)

  const read = async (query: string) => (await fetch(`${server.url}/v1/stream/${query}`)).text()
  expect(await read('cake')).toBe('["first","second","third"]')
  expect(await read('cake?offset=1795559331339000_0000000000000002')).toBe('["third"]')
  expect(await read('notes')).toBe('a text')
  const closed = await fetch(`${server.url}/v1/stream/closed`, { method: 'HEAD' })
  expect(closed.headers.get('stream-closed')).toBe('true')
  // What its producer had sent is known; what comes next goes on.
  const publish = (seq: number) =>
    fetch(`${server.url}/v1/stream/cake`, {
      method: 'POST',
      headers: { ...json, 'producer-id': 'baker', 'producer-epoch': '0', 'producer-seq': String(seq) },
      body: '"fourth"',
    })
  expect((await publish(0)).status).toBe(204)
  expect((await publish(1)).status).toBe(200)
  expect(await read('cake')).toBe('["first","second","third","fourth"]')
  await server.close()
  expect((await verifyFolder(folder)).faults).toEqual([])
})

test('an upgrade that was cut off is done again, and one that can not be done changes nothing', async () => {
  const folder = await folderOfFormat1()
  const before = await readFile(join(folder, 'tidings.json'), 'utf8')
  // Whatever is written there finds no space.
  const next = join(folder, 'tidings.json.new')
  await symlink('/dev/full', next)
  await expect(startServer({ data: folder, port: 0 })).rejects.toMatchObject({ code: 'storage-full' })
  expect(await readFile(join(folder, 'tidings.json'), 'utf8')).toBe(before)

  // What a process that was killed in the midst of it leaves.
  await rm(next)
  await writeFile(next, '{"format":2,')
  const server = await startServer({ data: folder, port: 0 })
  expect(await formatOf(folder)).toBe(2)
  await server.close()
})

test('a folder of an older format whose data can not be read is refused, and still is of that format', async () => {
  const folder = await folderOfFormat1()
  const data = await readFile(join(folder, 'data.mdb'))
  const before = await readFile(join(folder, 'tidings.json'), 'utf8')
  for (const damaged of [data.subarray(0, 100), data.subarray(0, 8192), Buffer.alloc(data.byteLength)]) {
    await writeFile(join(folder, 'data.mdb'), damaged)
    await expect(startServer({ data: folder, port: 0 })).rejects.toMatchObject({ code: 'storage-damaged' })
    // The version that made it can still be started on it, with its data from a copy.
    expect(await readFile(join(folder, 'tidings.json'), 'utf8')).toBe(before)
    expect(Buffer.compare(await readFile(join(folder, 'data.mdb')), damaged)).toBe(0)
  }
  await writeFile(join(folder, 'data.mdb'), data)
  const server = await startServer({ data: folder, port: 0 })
  expect(await (await fetch(`${server.url}/v1/stream/cake`)).json()).toEqual(['first', 'second', 'third'])
  await server.close()
})
