import { createChannel } from '@tidings/client'
import { header } from '@tidings/protocol'
import { Command, Option } from 'commander'
import { addContactFlags, Contact, type ContactFlags } from '../contact.js'
import { untilInterrupted } from '../interruption.js'

interface CreateFlags extends ContactFlags {
  readonly contentType: string
  readonly ttl?: string
  readonly expiresAt?: string
}

const examples = `
A channel of application/json holds JSON values, one of text/* holds text, any other holds bytes.
That the channel is there already, made in the same way, is success too.

Examples:
  tidings create cake
  tidings create notes --content-type text/plain
  tidings create session/42 --ttl 3600              gone an hour after its last use
  tidings create party --expires-at 2030-01-31T12:00:00Z`

export function createCommand(): Command {
  const command = new Command('create')
    .description('make a channel')
    .argument('<channel>', 'its name; may have slashes')
    .option('--content-type <type>', 'what its messages are', 'application/json')
    .addOption(new Option('--ttl <seconds>', 'drop it so long after its last use').conflicts('expiresAt'))
    .option('--expires-at <time>', 'drop it at this time (RFC 3339)')
  return addContactFlags(command).addHelpText('after', examples).action(create)
}

async function create(channel: string, flags: CreateFlags): Promise<void> {
  const signal = untilInterrupted()
  const contact = new Contact(flags, signal)
  const headers = {
    ...(flags.ttl !== undefined && { [header.ttl]: flags.ttl }),
    ...(flags.expiresAt !== undefined && { [header.expiresAt]: flags.expiresAt }),
  }
  const { contentType } = flags
  const { created } = await contact.ask(() =>
    createChannel(contact.address(channel), { contentType, headers, signal }),
  )
  contact.note(created ? `made ${channel} (${contentType})` : `${channel} is there already (${contentType})`)
}
