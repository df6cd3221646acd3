import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { findProgram, requirement } from './requirements.js'
import { lastingPort } from './spawned-server.js'
import { temporaryFolder } from './test-server.js'

const nginx = findProgram('nginx')
const haproxy = findProgram('haproxy')
export const hasNginx = requirement('nginx', nginx !== undefined, 'the ways behind a real proxy')
export const hasHaproxy = requirement('haproxy', haproxy !== undefined, 'the ways behind a real proxy')

/** What docs/proxies.md calls the proxy and the server behind it. */
const written = { proxy: '127.0.0.1:8080', server: '127.0.0.1:4437' }

/**
 * A block of settings from docs/proxies.md, as it stands there: what the page says is what is tested.
 *
 * @param name the word behind the proxy's, as in "```nginx recommended"
 */
export async function settingsFromPage(name: string, proxy: 'nginx' | 'haproxy' = 'nginx'): Promise<string> {
  const page = await readFile(new URL('../../docs/proxies.md', import.meta.url), 'utf8')
  const block = new RegExp(`^\`\`\`${proxy} ${name}\n([^]*?)^\`\`\`$`, 'm').exec(page)?.[1]
  if (block === undefined) throw new Error(`docs/proxies.md has no block of settings "${name}".`)
  return block
}

export interface ProxyOptions {
  /** The URL of the server behind it. */
  readonly server: string
  /** Replaced in the settings: paths of files that are a test's own. */
  readonly replacing?: Readonly<Record<string, string>>
}

export interface RunningProxy {
  readonly url: string
  /** nginx: requests that are under way in it now, the clients' alone. */
  requestsUnderWay(): Promise<number>
}

/** Debian's nginx with these settings inside `http`, and around them what Debian's own nginx.conf has there. */
export async function startNginx(settings: string, options: ProxyOptions): Promise<RunningProxy> {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'temporary'))
  const replacing = { '/var/cache/nginx': folder, ...options.replacing }
  return startOnFreePort(settings, { ...options, replacing }, async (adapted, port) => {
    const statusPort = await lastingPort(Math.random)
    const file = join(folder, `nginx-${port}.conf`)
    await writeFile(file, nginxAround(adapted, folder, statusPort))
    const child = spawn(nginx as string, ['-c', file, '-p', folder], { stdio: 'pipe' })
    return { child, statusPort, ready: /start worker process/ }
  })
}

/** Debian's HAProxy with these settings, and before them the defaults of Debian's own haproxy.cfg. */
export async function startHaproxy(settings: string, options: ProxyOptions): Promise<RunningProxy> {
  const folder = await temporaryFolder()
  return startOnFreePort(settings, options, async (adapted, port) => {
    const file = join(folder, `haproxy-${port}.cfg`)
    await writeFile(file, `${haproxyDefaults}\n${adapted}`)
    const child = spawn(haproxy as string, ['-f', file], { stdio: 'pipe' })
    return { child, statusPort: undefined, ready: undefined }
  })
}

function nginxAround(settings: string, folder: string, statusPort: number): string {
  const temporaryPaths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `  ${kind}_temp_path ${folder}/temporary/${kind};`)
    .join('\n')
  // Without a user of its own its workers could not use the test's folder.
  const user = process.getuid?.() === 0 ? 'user root;\n' : ''
  return `${user}daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr notice;
events { worker_connections 1024; }
http {
  sendfile on;
  tcp_nopush on;
  types_hash_max_size 2048;
  default_type application/octet-stream;
  gzip on;
  access_log off;
${temporaryPaths}
${settings}
  server { listen 127.0.0.1:${statusPort}; location / { stub_status; } }
}
`
}

const haproxyDefaults = `global
defaults
  mode http
  option dontlognull
  timeout connect 5000
  timeout client 50000
  timeout server 50000
`

interface StartedProxy {
  readonly child: ChildProcess
  readonly statusPort: number | undefined
  /** What it says when the port is its own; one that says nothing ends when it can not have it. */
  readonly ready: RegExp | undefined
}

/** A free port may be taken before the proxy has it: then another is tried, three in all. */
async function startOnFreePort(
  settings: string,
  { server, replacing = {} }: ProxyOptions,
  start: (adapted: string, port: number) => Promise<StartedProxy>,
): Promise<RunningProxy> {
  for (let attempt = 1; ; attempt++) {
    const port = await lastingPort(Math.random)
    const addresses = { [written.proxy]: `127.0.0.1:${port}`, [written.server]: new URL(server).host }
    const adapted = Object.entries({ ...addresses, ...replacing }).reduce(
      (text, [from, to]) => text.replaceAll(from, to),
      settings,
    )
    const { child, statusPort, ready = /(?:)/ } = await start(adapted, port)
    const said = endWithTest(child)
    if (await listens(child, port, () => ready.test(said()))) {
      const url = `http://127.0.0.1:${port}`
      return { url, requestsUnderWay: () => requestsUnderWay(statusPort) }
    }
    if (attempt === 3 || !/in use|cannot bind/i.test(said())) {
      throw new Error(`The proxy did not start: ${said()}`)
    }
  }
}

/** @returns what it has said on stderr so far */
function endWithTest(child: ChildProcess): () => string {
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await exited
  })
  return () => said
}

/** Asked again until it answers or has ended. */
async function listens(child: ChildProcess, port: number, isReady: () => boolean): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
    if (isOpen && isReady()) return true
    await pause(10)
  }
  return false
}

/** @see nginx's ngx_http_stub_status_module: what it is writing, or waits for an answer to */
async function requestsUnderWay(statusPort: number | undefined): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${statusPort}/`)).text()
  // The question itself is one of them.
  return Number(/Writing: (\d+)/.exec(page)?.[1]) - 1
}
