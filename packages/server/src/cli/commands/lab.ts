import { spawn } from 'node:child_process'
import { ProblemError } from '@tidings/client/ways'
import { labPath } from '@tidings/protocol'
import { Command } from 'commander'
import { addContactFlags, Contact, type ContactFlags } from '../contact.js'
import { untilInterrupted } from '../interruption.js'
import { stdout } from '../output.js'
import { CommandFailed } from '../trouble.js'

interface LabFlags extends ContactFlags {
  readonly open: boolean
  readonly check?: true
}

const examples = `
The Lab runs the four ways side by side on live traffic, draws what happens and counts what it costs. It needs a
server that runs: "tidings serve" has it, as long as it listens on a loopback address (or with --lab on).

Examples:
  tidings lab
  tidings lab --check          what your network lets pass
  tidings lab --no-open        say where it is, and open nothing`

export function labCommand(): Command {
  const command = new Command('lab')
    .description('open the Lab of a running server in a browser')
    .option('--check', 'the check of the network instead')
    .option('--no-open', 'only say where it is')
  return addContactFlags(command).addHelpText('after', examples).action(lab)
}

async function lab(flags: LabFlags): Promise<void> {
  const signal = untilInterrupted()
  const contact = new Contact(flags, signal)
  const address = new URL(flags.check ? labPath.check : labPath.page, contact.server).href
  const { status } = await contact.ask(() => look(address, signal))
  if (status !== 200) {
    throw new CommandFailed(
      `The server at ${contact.server} has no Lab. Start it with "tidings serve --lab on".`,
    )
  }
  await stdout.write(`${address}\n`, signal)
  if (flags.open && !(await openInBrowser(address))) {
    contact.note('No browser could be opened here: open that address yourself.')
  }
}

/** @throws ProblemError `connection-failed` */
async function look(address: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(address, { method: 'HEAD', signal })
  } catch (cause) {
    throw new ProblemError('connection-failed', `No answer from ${address}.`, { cause, isTransient: true })
  }
}

const openers: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
}

/** @returns whether there is a program that opens addresses: what it does then is its own */
function openInBrowser(address: string): Promise<boolean> {
  const [program, ...before] = openers[process.platform] ?? ['xdg-open']
  return new Promise((resolve) => {
    const opener = spawn(program, [...before, address], { detached: true, stdio: 'ignore' })
    opener.once('error', () => resolve(false))
    opener.once('spawn', () => {
      opener.unref()
      resolve(true)
    })
  })
}
