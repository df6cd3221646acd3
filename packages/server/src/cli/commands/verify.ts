import { Command } from 'commander'
import { verifyFolder } from '../../index.js'
import { untilInterrupted } from '../interruption.js'
import { stdout } from '../output.js'
import { CommandFailed } from '../trouble.js'

const help = `
Reads every page and record that is in use: checksums, positions without gaps, histories, forks and their counts,
producers. It changes nothing, and needs the folder to itself: stop the server, or verify a backup.
Prints what it looked at and a line for each fault; with any fault it ends with 1.

Examples:
  tidings verify ./data
  tidings verify /backup/monday && echo sound`

export function verifyCommand(): Command {
  return new Command('verify')
    .description('check all that a data folder holds')
    .argument('<folder>', 'the data folder, of a server that is stopped, or a backup')
    .addHelpText('after', help)
    .action(verify)
}

async function verify(folder: string): Promise<void> {
  const signal = untilInterrupted()
  const { checked, faults } = await verifyFolder(folder)
  for (const line of checked) await stdout.write(`checked: ${line}\n`, signal)
  for (const fault of faults) await stdout.write(`fault: ${fault}\n`, signal)
  if (faults.length === 0) await stdout.write('sound\n', signal)
  else {
    throw new CommandFailed(
      `${folder} is damaged. Check the disk, and restore the folder from a backup; what a fault does not name can still be read.`,
    )
  }
}
