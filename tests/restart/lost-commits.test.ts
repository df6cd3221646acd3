import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { closeChannel, deleteChannel, head, ProblemError } from '@tidings/client/ways'
import { ways } from '@tidings/protocol'
import { describe, expect, test } from 'vitest'
import { createTestChannel, type TestChannel } from '../support/channel.js'
import { append, forkOf, get, tailOf } from '../support/fork.js'
import { RawEventStream } from '../support/raw-client.js'
import { startTestServer, temporaryFolder } from '../support/test-server.js'
import { hearAll, hearUntil, messagesIn } from '../support/ways.js'

/**
 * What the operating system had flushed when it stopped: a folder as it was then, by a server that had no time to
 * say that all of it is on the disk.
 */
async function lostAfter(
  before: (server: { url: string }) => Promise<void>,
  lost: (server: { url: string }) => Promise<void>,
) {
  const [data, flushed] = [await temporaryFolder(), join(await temporaryFolder(), 'flushed')]
  const options = { engine: 'disk', durability: 'os' } as const
  const first = await startTestServer({ ...options, data })
  const { port } = first.settings
  await before(first)
  await first.close()
  await cp(data, flushed, { recursive: true })
  const second = await startTestServer({ ...options, data, port })
  await lost(second)
  await second.close()
  const file = join(flushed, 'tidings.json')
  const record: object = JSON.parse(await readFile(file, 'utf8'))
  await writeFile(file, JSON.stringify({ ...record, isSettled: false, bootId: 'an earlier run' }))
  return () => startTestServer({ ...options, data: flushed, port })
}

async function codeOver(way: (typeof ways)[number], channel: TestChannel, offset: string): Promise<string> {
  try {
    await hearUntil(channel, { way, offset }, () => true)
    return 'heard'
  } catch (error) {
    if (error instanceof ProblemError) return error.code
    throw error
  }
}

describe('after the operating system stopped with commits of durability os in its memory', () => {
  test('what was flushed is good at its offsets, and a reader that heard more is told so, on every way', async () => {
    let channel = {} as TestChannel
    const offsets: string[] = []
    const start = await lostAfter(
      async (server) => {
        channel = await createTestChannel(server)
        offsets.push(await tailOf(channel), await append(channel, '1'), await append(channel, '2'))
      },
      async (server) => {
        channel = await createTestChannel(server)
        offsets.push(await append(channel, '"lost"'), await append(channel, '"lost too"'))
      },
    )
    await start()
    const [kept, gone] = [offsets.slice(0, 3), offsets.slice(3)]
    expect(await tailOf(channel)).toBe(kept[2])
    for (const way of ways) {
      for (const offset of gone) expect(await codeOver(way, channel, offset)).toBe('history-changed')
    }
    // As many messages again: the lost offsets are still no offsets of theirs.
    const anew = [await append(channel, '"new"'), await append(channel, '"newer"')]
    await closeChannel(channel)
    for (const way of ways) {
      for (const offset of gone) expect(await codeOver(way, channel, offset)).toBe('history-changed')
      for (const [index, offset] of [...kept, ...anew].entries()) {
        const heard = messagesIn(await hearAll(channel, { way, offset }))
        expect(heard).toEqual(['1', '2', '"new"', '"newer"'].slice(index))
      }
    }
    const answer = await get(channel.reading({ offset: gone[0] as string }))
    expect(answer.headers.get('stream-earliest-offset')).toBe(kept[0])
    expect(answer.headers.get('stream-next-offset')).toBe(anew[1])
  })

  test('an empty answer to the same offset has another tag when other messages took the lost places', async () => {
    let channel = {} as TestChannel
    let offset = ''
    let tag = ''
    const start = await lostAfter(
      async (server) => {
        channel = await createTestChannel(server)
        offset = await append(channel, '1')
      },
      async (server) => {
        await append(await createTestChannel(server), '"lost"')
        tag = (await get(channel.reading({ offset }))).headers.get('etag') as string
      },
    )
    await start()
    await append(channel, '"new"')
    const answer = await get(channel.reading({ offset }), { 'if-none-match': tag })
    expect(answer).toMatchObject({ status: 200, text: '["new"]' })
  })

  test('a channel that was empty is good at its beginning, also by the offset that was told', async () => {
    let channel = {} as TestChannel
    let beginning = ''
    const start = await lostAfter(
      async (server) => {
        channel = await createTestChannel(server)
        beginning = await tailOf(channel)
      },
      async () => {
        await append(channel, '"lost"')
      },
    )
    await start()
    await append(channel, '"new"')
    expect((await get(channel.reading({ offset: beginning }))).text).toBe('["new"]')
    const fork = await forkOf(channel, 'fork', { offset: beginning })
    expect(await tailOf(fork)).toBe(beginning)
  })

  test('forks go on too: inherited offsets are good, and their own only as far as they were flushed', async () => {
    const channels: Record<string, TestChannel> = {}
    const offsets: Record<string, string> = {}
    const start = await lostAfter(
      async (server) => {
        const source = await createTestChannel(server, { contentType: 'text/plain' })
        offsets.one = await append(source, 'one', 'text/plain')
        await append(source, 'two', 'text/plain')
        const fork = await forkOf(source, 'fork', { offset: offsets.one, subOffset: 2 })
        offsets.point = await tailOf(fork)
        offsets.own = await append(fork, 'own', 'text/plain')
        await deleteChannel(source)
        channels.fork = fork
      },
      async (server) => {
        const { fork } = channels as { fork: TestChannel }
        offsets.lost = await append(fork, 'lost', 'text/plain')
        channels.lost = await forkOf({ ...fork, server: server.url }, 'lost')
      },
    )
    const server = await start()
    const { fork, lost } = channels as { fork: TestChannel; lost: TestChannel }
    await expect(head(lost)).rejects.toMatchObject({ code: 'channel-unknown' })
    await append(fork, 'new', 'text/plain')
    const from = async (offset = '') => (await get(fork.reading({ offset }))).text
    expect(await from('-1')).toBe('onetwownnew')
    expect(await from(offsets.one)).toBe('twownnew')
    expect(await from(offsets.point)).toBe('ownnew')
    expect(await from(offsets.own)).toBe('new')
    expect(await get(fork.reading({ offset: offsets.lost ?? '' }))).toMatchObject({ code: 'history-changed' })
    // A fork that was not flushed does not hold the source of the one that was.
    expect((await get(`${server.url}/v1/stream/cake`)).code).toBe('channel-deleted')
    await deleteChannel(fork)
    expect((await get(`${server.url}/v1/stream/cake`)).code).toBe('channel-unknown')
  })

  test('a fork of a channel with several histories takes the offsets of each', async () => {
    let channel = {} as TestChannel
    const offsets: string[] = []
    const start = await lostAfter(
      async (server) => {
        channel = await createTestChannel(server)
        offsets.push(await append(channel, '1'))
      },
      async () => {
        await append(channel, '"lost"')
      },
    )
    await start()
    offsets.push(await append(channel, '2'))
    const fork = await forkOf(channel, 'fork')
    const own = await append(fork, '3')
    for (const [index, offset] of [...offsets, own].entries()) {
      expect((await get(fork.reading({ offset }))).text).toBe(JSON.stringify([2, 3].slice(index)))
    }
    const early = await forkOf(channel, 'early', { offset: offsets[0] as string })
    expect((await get(early.url)).text).toBe('[1]')
    expect((await get(early.reading({ offset: offsets[1] as string }))).code).toBe('history-changed')
  })

  test('a browser that comes back with an id that was lost is told 410, which makes it stop', async () => {
    let channel = {} as TestChannel
    let lost = ''
    const start = await lostAfter(
      async (server) => {
        channel = await createTestChannel(server)
      },
      async () => {
        lost = await append(channel, '"lost"')
      },
    )
    await start()
    const url = channel.reading({ offset: '-1', live: 'sse', events: 'message' })
    const stream = await RawEventStream.open(url, { 'last-event-id': lost })
    expect(stream.response.statusCode).toBe(410)
  })
})

test('a process that was killed under durability os loses nothing, so histories go on', async () => {
  const data = await temporaryFolder()
  const copy = join(await temporaryFolder(), 'copy')
  const options = { engine: 'disk', durability: 'os' } as const
  const first = await startTestServer({ ...options, data })
  const channel = await createTestChannel(first)
  await append(channel, '1')
  await first.close()
  await cp(data, copy, { recursive: true })
  const file = join(copy, 'tidings.json')
  const record: object = JSON.parse(await readFile(file, 'utf8'))
  await writeFile(file, JSON.stringify({ ...record, isSettled: false }))
  await startTestServer({ ...options, data: copy, port: first.settings.port })
  const before = await tailOf(channel)
  const after = await append(channel, '2')
  expect(after.split('_')[0]).toBe(before.split('_')[0])
})
