import { cp, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startServer, verifyFolder } from 'tidings'
import { beforeAll, expect, test } from 'vitest'
import { temporaryFolderOfFile } from '../support/temporary-folder-of-file.js'
import { temporaryFolder } from '../support/test-server.js'
import { tidings } from './command-run.js'

const sound = join(temporaryFolderOfFile(), 'data')
const large = 'a large message that lies on pages of its own '.repeat(400)

beforeAll(async () => {
  const server = await startServer({ data: sound, port: 0 })
  const put = (name: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${server.url}/v1/stream/${name}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    })
  for (let n = 0; n < 300; n++) await put(`many/${n}`, `[${n},"message ${n} of many"]`)
  await put('cake', '["first","second","third"]')
  await put('fork', '["own"]', { 'stream-forked-from': '/v1/stream/cake' })
  await put('fork-of-fork', '["own too"]', { 'stream-forked-from': '/v1/stream/fork' })
  await put('large', JSON.stringify(large))
  await fetch(`${server.url}/v1/stream/cake`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'producer-id': 'baker',
      'producer-epoch': '0',
      'producer-seq': '0',
    },
    body: '"fourth"',
  })
  await fetch(`${server.url}/v1/stream/cake`, { method: 'DELETE' })
  await server.close()
})

/** A copy of the folder in which something was changed. */
async function damagedCopy(change: (data: Buffer) => void): Promise<string> {
  const folder = await temporaryFolder()
  await cp(sound, folder, { recursive: true })
  const data = await readFile(join(folder, 'data.mdb'))
  change(data)
  await writeFile(join(folder, 'data.mdb'), data)
  return folder
}

/** Copies of a page that are no longer in use are changed too. */
function flipBit(data: Buffer, bytes: string, distance: number): void {
  const needle = Buffer.from(bytes)
  let found = 0
  for (let at = data.indexOf(needle); at !== -1; at = data.indexOf(needle, at + 1)) {
    const place = at + distance
    data[place] = (data[place] as number) ^ 0x04
    found++
  }
  expect(found).toBeGreaterThan(0)
}

test('verify says what it looked at, that all is sound, and changes nothing', async () => {
  const before = await readFile(join(sound, 'data.mdb'))
  const { code, stdout, stderr } = await tidings(['verify', sound])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^checked: 304 channels, 2 of them forks\nchecked: 607 messages in \d+ batches, /)
  expect(stdout).toMatch(/checked: 1 producers, 0 removed .*\nsound\n$/)
  expect(Buffer.compare(await readFile(join(sound, 'data.mdb')), before)).toBe(0)
})

test.each([
  ['a message', 'message 7 of many', 3, /channel "many\/7", the batch before position 2: .*checksum/],
  ['a message that lies on pages of its own', large.slice(0, 500), 100, /channel "large".*checksum/],
  ["a channel's record", '"name":"fork",', 4, /channel "fork": .*checksum/],
  ["a producer's name", 'baker', -1, /producer/],
] as const)('one bit that changed in %s is found, and told where', async (_, bytes, distance, says) => {
  const folder = await damagedCopy((data) => flipBit(data, bytes, distance))
  const { faults } = await verifyFolder(folder)
  expect(faults.join('\n')).toMatch(says)
})

test('verify of a folder with a fault prints it and ends with 1', async () => {
  const folder = await damagedCopy((data) => flipBit(data, 'message 7 of many', 3))
  const { code, stdout, stderr } = await tidings(['verify', folder])
  expect(code).toBe(1)
  expect(stdout).toMatch(/\nfault: batches, channel "many\/7".*\n$/)
  expect(stderr).toMatch(/is damaged.*restore the folder from a backup/)
})

test('a data file that was cut off is found', async () => {
  // Behind the last page that is in use there is room for what comes next, which holds nothing yet.
  const data = await readFile(join(sound, 'data.mdb'))
  const lastPage = Math.max(...[0, 4096].map((root) => Number(data.readBigUInt64LE(root + 144))))
  for (const part of [0.01, 0.3, 0.6, 0.9]) {
    const folder = await damagedCopy(() => {})
    await truncate(join(folder, 'data.mdb'), Math.floor((lastPage + 1) * 4096 * part))
    const { faults } = await verifyFolder(folder)
    expect(faults.join('\n')).toMatch(/beyond the end of the file|no database/)
  }
})

test('every page in use that was overwritten with another one is found', async () => {
  const pageBytes = 4096
  const data = await readFile(join(sound, 'data.mdb'))
  let found = 0
  for (let page = 2; page < 60; page++) {
    const folder = await damagedCopy((copy) => {
      data.copy(copy, page * pageBytes, (page + 1) * pageBytes, (page + 2) * pageBytes)
    })
    if ((await verifyFolder(folder)).faults.length > 0) found++
  }
  // Pages that the last commits left unused hold nothing that could be missed.
  expect(found).toBeGreaterThan(10)
})

test('a folder that a server uses is refused with who does', async () => {
  const data = join(await temporaryFolder(), 'data')
  const server = await startServer({ data, port: 0 })
  const { code, stderr } = await tidings(['verify', data])
  expect(code).toBe(1)
  expect(stderr).toContain(`in use by process ${process.pid}`)
  await server.close()
})

test.each(['serve', 'verify'])(
  '%s refuses a folder of a newer version, says what to do, and changes nothing',
  async (command) => {
    const folder = await damagedCopy(() => {})
    const newer = '{"format":1000,"durability":"fsync"}\n'
    await writeFile(join(folder, 'tidings.json'), newer)
    const before = await readFile(join(folder, 'data.mdb'))
    const args = command === 'serve' ? ['serve', '--port', '0', '--data', folder] : ['verify', folder]
    const { code, stdout, stderr } = await tidings(args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/format 1000.*Start the version that made it, or a newer one/)
    expect(await readFile(join(folder, 'tidings.json'), 'utf8')).toBe(newer)
    expect(Buffer.compare(await readFile(join(folder, 'data.mdb')), before)).toBe(0)
  },
)

test('a folder that is none of Tidings is refused, and nothing is put there', async () => {
  const folder = await temporaryFolder()
  const { code, stderr } = await tidings(['verify', folder])
  expect(code).toBe(1)
  expect(stderr).toContain('no tidings.json')
})
