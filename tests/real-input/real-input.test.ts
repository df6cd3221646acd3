import { spawn } from 'node:child_process'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { CommandRun, tidings } from '../cli/command-run.js'
import { randomOf, seedOfRun } from '../support/random.js'
import { findProgram, requirement } from '../support/requirements.js'
import { temporaryFolder } from '../support/test-server.js'
import { type Hearing, hearInChromium, hearWithCurl, hearWithWebSocket, startChromium } from './listeners.js'
import { oddLines, randomLine } from './odd-lines.js'

const ways = ['short-poll', 'long-poll', 'sse', 'websocket'] as const
const channel = 'app-log'
const target = `/v1/stream/${channel}`

const curl = findProgram('curl')
const tail = findProgram('tail')
const chromium = findProgram('chromium', 'chromium-browser', 'google-chrome')
const hasAll = [
  requirement('curl', curl !== undefined, 'a log that is read with curl'),
  requirement('tail', tail !== undefined, 'a log that is followed with tail -f'),
  requirement('Chromium', chromium !== undefined, 'a log that is read by an EventSource in a real browser'),
].every(Boolean)

/** `tidings serve` on a folder of its own. */
async function serve(): Promise<string> {
  const server = new CommandRun([
    'serve',
    '--port',
    '0',
    '--data',
    await temporaryFolder(),
    '--long-poll-ms',
    '500',
  ])
  await server.until(({ stdout }) => stdout.endsWith('\n'))
  return server.stdout.trim().replace('tidings listening on ', '')
}

/** `tail -n +1 -f file | tidings publish app-log --string`; ends when the tail is ended. */
function publishGrowing(file: string, url: string): { publishing: CommandRun; endTail: () => void } {
  const publishing = new CommandRun(['publish', channel, '--string'], { url })
  const tailing = spawn(tail as string, ['-n', '+1', '-f', file], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void tailing.kill('SIGKILL'))
  tailing.stdout.pipe(publishing.child.stdin as NodeJS.WritableStream)
  return { publishing, endTail: () => tailing.kill() }
}

function followInEachWay(url: string): CommandRun[] {
  return ways.map(
    (way) =>
      new CommandRun(['read', channel, '--follow', '--string', '--live', way, '--interval', '50'], { url }),
  )
}

/** Appends pieces to the file, each when the reader has heard all lines that were whole before. */
async function grow(file: string, pieces: readonly Buffer[], reader: CommandRun): Promise<void> {
  const before = await readFile(file)
  for (const [index, piece] of pieces.entries()) {
    await appendFile(file, piece)
    const written = Buffer.concat([before, ...pieces.slice(0, index + 1)])
    const wholeBytes = written.lastIndexOf('\n') + 1
    const isBeginning = (heard: Buffer) => written.subarray(0, heard.length).equals(heard)
    // What is heard wrongly ends the waiting, and the test, at once.
    await reader.until(({ bytes }) => bytes.length >= wholeBytes || !isBeginning(bytes))
    expect(isBeginning(reader.bytes)).toBe(true)
  }
}

/** Some cuts are within a line, some within a character. */
function cutAtRandom(text: Buffer, random: () => number): Buffer[] {
  const pieces: Buffer[] = []
  for (let start = 0; start < text.length; ) {
    const end = Math.min(text.length, start + 1 + Math.floor(random() ** 4 * 60_000))
    pieces.push(text.subarray(start, end))
    start = end
  }
  return pieces
}

test.runIf(hasAll)(
  'a growing log is heard to the byte by curl, a browser, a WebSocket and every way of the command line',
  async () => {
    const seed = seedOfRun()
    console.log(`SEED=${seed}`)
    const random = randomOf(seed)
    const file = join(await temporaryFolder(), 'app.log')
    await writeFile(file, 'this line was there before anybody listened\n')

    const url = await serve()
    expect((await tidings(['create', channel], { url })).code).toBe(0)
    const { publishing, endTail } = publishGrowing(file, url)
    const browser = await startChromium(chromium as string)
    const early = followInEachWay(url)
    const others: Hearing[] = [
      hearWithCurl(curl as string, `${url}${target}?live=sse&offset=-1`),
      hearWithWebSocket(`${url}${target}?live=websocket&offset=-1`),
      hearInChromium(browser, url, `${target}?live=sse&offset=-1`),
    ]
    // Looked at in the end; a test that fails before must not fail for these as well.
    for (const hearing of others) hearing.catch(() => {})

    const lines = [...oddLines, ...Array.from({ length: 400 }, () => randomLine(random)), ...oddLines]
    const pieces = cutAtRandom(Buffer.from(lines.map((line) => `${line}\n`).join('')), random)
    const half = Math.floor(pieces.length / 2)
    const pacemaker = early[0] as CommandRun
    await grow(file, pieces.slice(0, half), pacemaker)
    // These catch up with what they have missed, and go on with what comes.
    const late = followInEachWay(url)
    await grow(file, pieces.slice(half), pacemaker)
    endTail()
    expect(await publishing.outcome()).toMatchObject({ code: 0 })
    expect((await tidings(['close', channel], { url })).code).toBe(0)

    const log = await readFile(file)
    for (const reading of [...early, ...late]) {
      expect(await reading.outcome()).toMatchObject({ code: 0, stderr: `tidings: ${channel} is closed\n` })
      expect(reading.bytes.equals(log)).toBe(true)
    }
    for (const heard of await Promise.all(others)) {
      expect(Buffer.from(heard.map((line) => `${line}\n`).join('')).equals(log)).toBe(true)
    }
  },
)
