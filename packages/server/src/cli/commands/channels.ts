import { closeChannel, deleteChannel, type ListedChannel, listChannels } from '@tidings/client/ways'
import { Command } from 'commander'
import { addContactFlags, Contact, type ContactFlags } from '../contact.js'
import { untilInterrupted } from '../interruption.js'
import { stdout } from '../output.js'

interface ShowFlags extends ContactFlags {
  readonly json?: true
}

interface ListFlags extends ShowFlags {
  readonly long?: true
}

/** Channels that are asked for at once. */
const pageSize = 1_000

const listExamples = `
Examples:
  tidings ls
  tidings ls --long          name, content type, next offset, open or closed; tabs between
  tidings ls --json | jq -r 'select(.closed).name'`

export function listCommand(): Command {
  const command = new Command('ls')
    .description('list the channels, by name')
    .option('-l, --long', 'with content type, next offset, and whether it is closed')
    .option('--json', 'one JSON object a line')
  return addContactFlags(command).addHelpText('after', listExamples).action(list)
}

async function list(flags: ListFlags): Promise<void> {
  const signal = untilInterrupted()
  const contact = new Contact(flags, signal)
  let after: string | null | undefined
  do {
    const options = { signal, limit: pageSize, ...(after && { after }) }
    const page = await contact.ask(() => listChannels(contact.server, options))
    for (const channel of page.channels) await stdout.write(`${listed(channel, flags)}\n`, signal)
    after = page.next
  } while (after && !stdout.gone.aborted && !signal.aborted)
}

function listed(channel: ListedChannel, { long, json }: ListFlags): string {
  const { name, contentType, nextOffset, closed } = channel
  if (json) return JSON.stringify({ name, contentType, nextOffset, closed })
  return long ? [name, contentType, nextOffset, closed ? 'closed' : 'open'].join('\t') : name
}

const headExamples = `
Examples:
  tidings head cake
  tidings read cake --follow --offset "$(tidings head cake --json | jq -r .nextOffset)"`

export function headCommand(): Command {
  const command = new Command('head')
    .description('say what a channel holds and where its tail is')
    .argument('<channel>')
    .option('--json', 'as a JSON object')
  return addContactFlags(command).addHelpText('after', headExamples).action(showHead)
}

async function showHead(name: string, flags: ShowFlags): Promise<void> {
  const signal = untilInterrupted()
  const { contentType, nextOffset, closed } = await new Contact(flags, signal).head(name)
  const text = flags.json
    ? JSON.stringify({ name, contentType, nextOffset, closed })
    : `channel       ${name}\ncontent type  ${contentType}\nnext offset   ${nextOffset}\nclosed        ${closed ? 'yes' : 'no'}`
  await stdout.write(`${text}\n`, signal)
}

const closeExamples = `
No message can follow; what the channel holds can still be read, and those who follow it come to its end.
That it is closed already is success too.

Examples:
  tidings close cake
  tidings publish cake '"the last slice"' --close     the last message and the end in one step`

export function closeCommand(): Command {
  const command = new Command('close').description('close a channel').argument('<channel>')
  return addContactFlags(command)
    .addHelpText('after', closeExamples)
    .action(async (name: string, flags: ContactFlags) => {
      const signal = untilInterrupted()
      const contact = new Contact(flags, signal)
      const { nextOffset } = await contact.ask(() => closeChannel(contact.address(name), { signal }))
      contact.note(`closed ${name}; it ends at ${nextOffset}`)
    })
}

const removeExamples = `
Those who follow it are told. A channel that is made again under this name has another history: offsets of
the old one are refused.

Examples:
  tidings rm cake`

export function removeCommand(): Command {
  const command = new Command('rm')
    .description('remove a channel and all that it holds')
    .argument('<channel>')
  return addContactFlags(command)
    .addHelpText('after', removeExamples)
    .action(async (name: string, flags: ContactFlags) => {
      const signal = untilInterrupted()
      const contact = new Contact(flags, signal)
      await contact.ask(() => deleteChannel(contact.address(name), { signal }))
      contact.note(`removed ${name}`)
    })
}
