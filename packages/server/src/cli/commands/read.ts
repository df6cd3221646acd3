import { type ChannelState, type ReadBatch, type ReadOptions, read, type Way } from '@tidings/client/ways'
import { now, parseOffset, ways } from '@tidings/protocol'
import { Command, Option } from 'commander'
import { addContactFlags, Contact, type ContactFlags, wholeNumber } from '../contact.js'
import { untilInterrupted } from '../interruption.js'
import { printed } from '../message-lines.js'
import { stdout } from '../output.js'
import { last, offset, since } from '../starts.js'
import { Interrupted } from '../trouble.js'

interface ReadFlags extends ContactFlags {
  readonly live?: Way
  readonly interval?: number
  readonly offset?: string
  readonly last?: number
  readonly since?: string
  readonly follow?: true
  readonly string?: true
  readonly offsets?: true
}

const examples = `
Without --follow it prints what is there and ends; with it, it goes on until the channel is closed or Ctrl-C
ends it. A JSON message is printed as it was published, byte for byte, on a line of its own (line breaks between
its tokens become spaces); text and binary channels are printed as they are.

Examples:
  tidings read cake                                   all that is there
  tidings read cake --follow                          and all that comes (over Server-Sent Events)
  tidings read cake --follow --live websocket         over a WebSocket
  tidings read cake --follow --live short-poll --interval 5000
  tidings read cake --follow --offset now             only what comes
  tidings read cake --follow --last 10                the last ten, and what comes
  tidings read cake --since 2030-01-31T12:00:00Z
  tidings read app-log --follow --string              lines of a log, published with "publish --string"`

export function readCommand(): Command {
  const command = new Command('read')
    .description('print the messages of a channel')
    .argument('<channel>')
    .option('-f, --follow', 'go on with what comes')
    .addOption(
      new Option('--live <way>', 'the way to hear it (default: sse with --follow, else short-poll)').choices(
        ways,
      ),
    )
    .addOption(
      new Option('--interval <ms>', 'from one short poll to the next (default: 1000)').argParser(wholeNumber),
    )
    .addOption(
      new Option(
        '--offset <offset>',
        'where to begin: -1 (the beginning, the default), now (the tail), or a next offset',
      )
        .argParser(offset)
        .conflicts(['last', 'since']),
    )
    .addOption(new Option('--last <n>', 'begin with the last n messages').argParser(last).conflicts('since'))
    .addOption(new Option('--since <time>', 'begin with what was kept since (RFC 3339)').argParser(since))
    .option('-s, --string', 'print messages that are JSON strings as their text')
    .option('--offsets', 'say on stderr after each batch where to go on')
  return addContactFlags(command).addHelpText('after', examples).action(readChannel)
}

async function readChannel(channel: string, flags: ReadFlags): Promise<void> {
  const interrupted = untilInterrupted()
  const contact = new Contact(flags, interrupted)
  const state = await contact.head(channel)
  const follow = flags.follow ?? false
  if (!follow && isAtTail(flags, state)) {
    if (flags.offsets) contact.note(`next offset ${state.nextOffset}`)
    return
  }
  const ended = AbortSignal.any([interrupted, stdout.gone])
  const options: ReadOptions = {
    ...contact.clientOptions(follow),
    way: flags.live ?? (follow ? 'sse' : 'short-poll'),
    ...(flags.offset !== undefined && { offset: flags.offset }),
    ...(flags.last !== undefined && { last: flags.last }),
    ...(flags.since !== undefined && { since: flags.since }),
    kind: state.kind,
    signal: ended,
    ...(flags.interval !== undefined && { intervalMs: flags.interval }),
  }
  for await (const batch of read(contact.address(channel), options)) {
    await print(batch, flags, ended)
    if (flags.offsets) contact.note(`next offset ${batch.nextOffset}`)
    if (batch.closed && follow) contact.note(`${channel} is closed`)
    if (batch.upToDate && !follow) return
  }
  if (interrupted.aborted && !follow) throw new Interrupted()
}

/** Nothing is there to be read: a way that waits for what comes need not be opened. */
function isAtTail({ offset, last }: ReadFlags, { nextOffset }: ChannelState): boolean {
  const tail = parseOffset(nextOffset)
  const isEmpty = tail?.at === 'offset' && tail.position === 0
  if (offset === now || offset === nextOffset || last === 0) return true
  return isEmpty && (offset === undefined || parseOffset(offset)?.at === 'beginning')
}

async function print(batch: ReadBatch, flags: ReadFlags, ended: AbortSignal): Promise<void> {
  const text = printed(batch, { string: flags.string ?? false })
  if (text.length > 0) await stdout.write(text, ended)
}
