import { Command } from 'commander'
import { backupCommand } from './commands/backup.js'
import { closeCommand, headCommand, listCommand, removeCommand } from './commands/channels.js'
import { createCommand } from './commands/create.js'
import { demoCommand } from './commands/demo.js'
import { labCommand } from './commands/lab.js'
import { publishCommand } from './commands/publish.js'
import { readCommand } from './commands/read.js'
import { serveCommand } from './commands/serve.js'
import { verifyCommand } from './commands/verify.js'
import { exitCodesHelp, exitCodesLine } from './exit-code.js'
import { readVersion } from './version.js'

const description =
  'One ordered, durable log per channel, heard over short polling, long polling, Server-Sent Events or ' +
  'WebSocket with one offset.'

const examples = `
Data goes to stdout, everything that is said about it to stderr. "tidings help <command>" has examples of each.

Examples:
  tidings serve
  tidings create cake
  tidings read cake --follow &
  tidings publish cake '{"cake":"ready"}'
`

export function createProgram(): Command {
  const program = new Command('tidings')
    .description(description)
    .version(readVersion(), '-V, --version')
    .helpOption('-h, --help', 'say what there is')
    .addHelpText('after', examples + exitCodesHelp)
  const commands = [
    serveCommand(),
    createCommand(),
    publishCommand(),
    readCommand(),
    listCommand(),
    headCommand(),
    closeCommand(),
    removeCommand(),
    backupCommand(),
    verifyCommand(),
    demoCommand(),
    labCommand(),
  ]
  for (const command of [program, ...commands]) withManners(command)
  for (const command of commands) program.addCommand(command.addHelpText('after', exitCodesLine))
  return program
}

/** Trouble is thrown, so that the exit code is given in one place. */
function withManners(command: Command): void {
  command
    .exitOverride()
    .showHelpAfterError(
      `Say "tidings ${command.name() === 'tidings' ? '' : `${command.name()} `}--help" for what there is.`,
    )
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'tidings: ')),
    })
}
