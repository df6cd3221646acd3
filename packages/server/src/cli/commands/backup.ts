import { readFile } from 'node:fs/promises'
import { request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { path } from '@tidings/protocol'
import { Command, Option } from 'commander'
import { adminTokenFile } from '../../access/index.js'
import { untilInterrupted } from '../interruption.js'
import { note } from '../notes.js'
import { CommandFailed, Interrupted } from '../trouble.js'

interface BackupFlags {
  readonly url: string
  readonly data: string
}

const help = `
The server goes on meanwhile. The copy holds every message that was acknowledged before the backup began, and a server
can be started on it: offsets up to its end are good there too. Messages of memory channels are not in it.
The server must run on this machine, and you must be able to read its data folder. (Of a server that is stopped, copy
the data folder.)

Examples:
  tidings backup /backup/monday
  tidings backup /backup/monday --data /var/lib/tidings
  tidings verify /backup/monday
  tidings serve --data /backup/monday --port 0`

export function backupCommand(): Command {
  return new Command('backup')
    .description('copy the log of a running server into a folder')
    .argument('<folder>', 'where to; empty, or made')
    .addOption(new Option('--url <url>', 'the server').env('TIDINGS_URL').default('http://127.0.0.1:4437'))
    .addOption(
      new Option('--data <folder>', "the server's data folder").env('TIDINGS_DATA').default('./data'),
    )
    .addHelpText('after', help)
    .action(backup)
}

async function backup(to: string, { url, data }: BackupFlags): Promise<void> {
  const signal = untilInterrupted()
  const folder = resolve(to)
  const token = await readToken(data)
  const { status, body } = await post(new URL(path.backup, url), token, { folder }, signal)
  if (status !== 204) throw new CommandFailed(sentenceOf(status, body))
  note(`backed up to ${folder}`)
}

async function readToken(data: string): Promise<string> {
  try {
    return (await readFile(join(data, adminTokenFile), 'utf8')).trim()
  } catch (cause) {
    throw new CommandFailed(
      `${join(data, adminTokenFile)} can not be read (${(cause as Error).message}). Name the data folder of the running server with --data or TIDINGS_DATA; for one that is stopped, copy its folder.`,
      { cause },
    )
  }
}

/** Not `fetch`, which gives up after five minutes without an answer: the copy of a large log takes longer. */
function post(
  url: URL,
  token: string,
  body: object,
  signal: AbortSignal,
): Promise<{ status: number; body: string }> {
  const request = url.protocol === 'https:' ? secureRequest : plainRequest
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: 'POST', headers, signal }, (answer) => {
      text(answer).then((body) => resolve({ status: answer.statusCode ?? 0, body }), reject)
    })
    asked.on('error', (cause) => {
      reject(
        signal.aborted
          ? new Interrupted()
          : new CommandFailed(
              `${url.origin} does not answer (${cause.message}). Name the running server with --url.`,
              { cause },
            ),
      )
    })
    asked.end(JSON.stringify(body))
  })
}

function sentenceOf(status: number, body: string): string {
  try {
    const { detail } = JSON.parse(body) as { detail?: unknown }
    if (typeof detail === 'string') return detail
  } catch {
    // No problem details: not a Tidings server.
  }
  return `The server answered ${status}. Is a Tidings server at this address?`
}
