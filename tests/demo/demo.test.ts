import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { CommandRun, cli } from '../cli/command-run.js'
import { DemoOutput, type Line, portOf, type Title, titles } from './demo-output.js'

let demo: DemoOutput
let stderr: string

beforeAll(async () => {
  const limits = { timeout: 50_000, killSignal: 'SIGKILL' } as const
  const outcome = await promisify(execFile)(process.execPath, [cli, 'demo', '--fast'], limits)
  demo = new DemoOutput(outcome.stdout)
  stderr = outcome.stderr
})

const count = (lines: readonly Line[], isSo: (line: Line) => boolean) => lines.filter(isSo).length
const isRequest = ({ detail }: Line) => /^(GET|POST)\b/.test(detail)
const isOnNewConnection = ({ detail }: Line) => detail.endsWith('a new connection')

test('nothing is said on stderr, and nothing is coloured where no terminal is', () => {
  expect(stderr).toBe('')
  expect(demo.text).not.toContain('\x1b')
})

describe.each(titles)('%s', (title) => {
  test('the customer and the server talk, in order of time', () => {
    const lines = demo.talk(title)
    const times = lines.map(({ atMs }) => atMs)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(lines[0]?.speaker).toBe('C->')
    const words = lines.map((line) => `${line.speaker} ${line.words}`)
    const essence = [
      'S-> Have some cake.',
      'C-> More cake, please!',
      'S-> Here is more cake.',
      'C-> Thank you, that was all.',
    ]
    expect(words.filter((each) => essence.includes(each))).toEqual(essence)
  })

  test('the figures of the table are those of the transcript', () => {
    const lines = demo.talk(title)
    const { requests, empty, connections } = demo.row(title)
    expect(requests).toBe(count(lines, isRequest))
    expect(empty).toBe(count(lines, ({ words }) => words === 'No, wait.' || words === 'Not yet. Ask again.'))
    expect(connections).toBe(title === 'WebSocket' ? 1 : count(lines, isOnNewConnection))
  })

  test('all ways brought the same news, and its share is that of all bytes', () => {
    const { bytesUp, bytesDown, payload, sharePercent } = demo.row(title)
    expect(payload).toBe('"Have some cake.""Here is more cake."'.length)
    expect(sharePercent).toBe(Number(((payload / (bytesUp + bytesDown)) * 100).toFixed(1)))
  })
})

test('a long poll times out, is counted as one empty answer, and is asked again at once', () => {
  for (const title of titles.slice(1, 3) as Title[]) {
    const lines = demo.talk(title)
    const timedOut = lines.findIndex(({ detail }) => detail.startsWith('204, the hold is over'))
    expect(timedOut).toBeGreaterThan(0)
    expect(lines[timedOut + 1]?.words).toBe('Is the cake ready? I can wait.')
    expect(demo.row(title).empty).toBeGreaterThanOrEqual(1)
  }
})

test('an empty answer to a short poll that says what it has is a bare 304', () => {
  expect(demo.talk('Short polling').map(({ detail }) => detail)).toContain('304')
})

test('a kept-alive connection carries all polls and posts; a fresh one carries one', () => {
  expect(demo.row('Long polling, on a kept-alive connection').connections).toBe(1)
  const fresh = demo.row('Long polling, each request on a fresh connection')
  expect(fresh.connections).toBe(fresh.requests)
})

test('beside an event stream the second post goes over the connection of the first', () => {
  const posts = demo.talk('Server-Sent Events').filter(({ detail }) => detail.startsWith('POST'))
  expect(posts).toHaveLength(2)
  const [first, second] = posts as [Line, Line]
  expect(portOf(second)).toBe(portOf(first))
  expect(second.detail).toMatch(/again$/)
  expect(demo.row('Server-Sent Events').connections).toBe(2)
})

test('a WebSocket is one request on one connection, which both sides close', () => {
  expect(demo.row('WebSocket')).toMatchObject({ requests: 1, connections: 1, empty: 0 })
  expect(demo.talk('WebSocket').slice(-2)).toMatchObject([
    { speaker: 'C->', detail: 'close 1000' },
    { speaker: 'S->', detail: 'close 1000' },
  ])
})

test('the sentence under the table says what its figures say', () => {
  const rows = demo.table()
  const bytes = rows.map(({ bytesUp, bytesDown }) => bytesUp + bytesDown)
  const [heaviest, lightest] = [Math.max(...bytes), Math.min(...bytes)]
  const sentence = demo.text.slice(demo.text.indexOf('To bring ')).replaceAll(/\s+/g, ' ')
  expect(sentence).toContain(
    `${rows[bytes.indexOf(heaviest)]?.name} moved ${(heaviest / lightest).toFixed(1)} times the bytes of ` +
      `${rows[bytes.indexOf(lightest)]?.name} (${heaviest} to ${lightest})`,
  )
})

test('Ctrl-C ends it, and the server that it started, with 130', async () => {
  const run = new CommandRun(['demo'])
  await run.until(({ stdout }) => stdout.includes('Is the cake ready?'))
  expect(await run.interrupt()).toMatchObject({ code: 130, stderr: '' })
})
