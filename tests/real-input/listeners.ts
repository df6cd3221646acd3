import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type Browser, chromium } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'

/** Someone who hears a channel from its beginning to its end: resolves to the strings it heard. */
export type Hearing = Promise<readonly string[]>

/** curl, as anybody has it, on an event stream; what it printed is read as the HTML standard says. */
export async function hearWithCurl(program: string, url: string): Hearing {
  const child = spawn(program, ['--no-buffer', '--silent', '--show-error', url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const exited = once(child, 'exit')
  let text = ''
  for await (const chunk of child.stdout.setEncoding('utf8')) text += chunk
  const [code] = await exited
  if (code !== 0) throw new Error(`curl ended with ${code}`)
  return text
    .split('\n\n')
    .map((block) => block.split('\n'))
    .filter((fields) => fields.includes('event: data'))
    .flatMap((fields) => JSON.parse(dataOf(fields)) as string[])
}

/** @see HTML standard §9.2.6: one space behind the colon is no data, and lines are joined by a line feed */
function dataOf(fields: readonly string[]): string {
  return fields
    .filter((field) => field.startsWith('data:'))
    .map((field) => field.replace(/^data: ?/, ''))
    .join('\n')
}

/** A plain WebSocket: each frame is a message. */
export async function hearWithWebSocket(url: string): Hearing {
  const socket = new WebSocket(url.replace('http:', 'ws:'))
  onTestFinished(() => socket.terminate())
  const heard: string[] = []
  socket.on('message', (frame) => heard.push(JSON.parse(String(frame)) as string))
  const [code] = (await once(socket, 'close')) as [number]
  if (code !== 1000) throw new Error(`The socket was closed with ${code}`)
  return heard
}

export async function startChromium(executablePath: string): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  onTestFinished(() => browser.close())
  return browser
}

/** A plain `EventSource` on the server's own page; it ends when the server tells it to stop. */
export async function hearInChromium(browser: Browser, server: string, target: string): Hearing {
  const tab = await browser.newPage()
  await tab.goto(`${server}/`)
  return await tab.evaluate(
    (url) =>
      new Promise<string[]>((resolve) => {
        const heard: string[] = []
        const source = new EventSource(url)
        source.addEventListener('data', (event) => heard.push(...(JSON.parse(event.data) as string[])))
        // It reconnects by itself after a response that ended; the closed channel's 204 is what ends it.
        source.addEventListener('error', () => {
          if (source.readyState === EventSource.CLOSED) resolve(heard)
        })
      }),
    target,
  )
}
