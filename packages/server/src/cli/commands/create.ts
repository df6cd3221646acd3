import { createChannel } from '@tidings/client/ways'
import { durabilities, durabilityHeader, header, retentionHeader } from '@tidings/protocol'
import { Command, Option } from 'commander'
import { addContactFlags, Contact, type ContactFlags, wholeNumber } from '../contact.js'
import { untilInterrupted } from '../interruption.js'
import { offset } from '../starts.js'
import { UsageError } from '../trouble.js'

interface CreateFlags extends ContactFlags {
  readonly contentType?: string
  readonly forkFrom?: string
  readonly forkOffset?: string
  readonly forkSubOffset?: number
  readonly ttl?: string
  readonly expiresAt?: string
  readonly durability?: string
  readonly retainAge?: number
  readonly retainCount?: number
  readonly retainBytes?: number
}

const examples = `
A channel of application/json holds JSON values, one of text/* holds text, any other holds bytes.
That the channel is there already, made in the same way, is success too.

Examples:
  tidings create cake
  tidings create notes --content-type text/plain
  tidings create session/42 --ttl 3600              gone an hour after its last use
  tidings create party --expires-at 2030-01-31T12:00:00Z
  tidings create readings --retain-age 86400 --retain-bytes 10000000    a day of them, 10 MB at most
  tidings create room/1/typing --durability memory --retain-count 100   never on a disk
  tidings create draft-2 --fork-from draft          begins with all that draft holds now, and goes its own way`

export function createCommand(): Command {
  const command = new Command('create')
    .description('make a channel')
    .argument('<channel>', 'its name; may have slashes')
    .option(
      '--content-type <type>',
      'what its messages are (default: application/json; of a fork, its source)',
    )
    .option('--fork-from <channel>', 'begin with what this channel holds')
    .addOption(new Option('--fork-offset <offset>', 'only up to here').argParser(offset))
    .addOption(
      new Option('--fork-sub-offset <n>', 'and n messages more (bytes, where it holds no JSON)').argParser(
        wholeNumber,
      ),
    )
    .addOption(new Option('--ttl <seconds>', 'drop it so long after its last use').conflicts('expiresAt'))
    .option('--expires-at <time>', 'drop it at this time (RFC 3339)')
    .addOption(
      new Option('--durability <what>', "what an acknowledgement means (default: the server's)").choices(
        durabilities,
      ),
    )
    .addOption(new Option('--retain-age <seconds>', 'drop messages so old').argParser(wholeNumber))
    .addOption(new Option('--retain-count <n>', 'keep the newest n messages').argParser(wholeNumber))
    .addOption(new Option('--retain-bytes <n>', 'keep the newest n bytes of messages').argParser(wholeNumber))
  return addContactFlags(command).addHelpText('after', examples).action(create)
}

async function create(channel: string, flags: CreateFlags): Promise<void> {
  const { contentType, forkFrom, forkOffset, forkSubOffset } = flags
  if (forkFrom === undefined && (forkOffset !== undefined || forkSubOffset !== undefined)) {
    throw new UsageError('A fork needs --fork-from: the channel that it begins with.')
  }
  const signal = untilInterrupted()
  const contact = new Contact(flags, signal)
  const headers = {
    ...(flags.ttl !== undefined && { [header.ttl]: flags.ttl }),
    ...(flags.expiresAt !== undefined && { [header.expiresAt]: flags.expiresAt }),
    ...keepingHeaders(flags),
  }
  const made = await contact.ask(() =>
    createChannel(contact.address(channel), {
      ...(contentType !== undefined && { contentType }),
      ...(forkFrom !== undefined && {
        fork: {
          from: forkFrom,
          ...(forkOffset !== undefined && { offset: forkOffset }),
          ...(forkSubOffset !== undefined && { subOffset: forkSubOffset }),
        },
      }),
      headers,
      signal,
    }),
  )
  contact.note(`${made.created ? `made ${channel}` : `${channel} is there already`} (${made.contentType})`)
}

function keepingHeaders(flags: CreateFlags): Record<string, string> {
  const { durability, retainAge, retainCount, retainBytes } = flags
  return {
    ...(durability !== undefined && { [durabilityHeader]: durability }),
    ...(retainAge !== undefined && { [retentionHeader.ageSeconds]: String(retainAge) }),
    ...(retainCount !== undefined && { [retentionHeader.count]: String(retainCount) }),
    ...(retainBytes !== undefined && { [retentionHeader.bytes]: String(retainBytes) }),
  }
}
