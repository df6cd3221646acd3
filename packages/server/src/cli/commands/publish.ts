import {
  type ChannelState,
  createChannel,
  ProblemError,
  postPublisher,
  socketPublisher,
} from '@tidings/client/ways'
import { mediaType } from '@tidings/protocol'
import { Command, Option } from 'commander'
import { addContactFlags, Contact, type ContactFlags } from '../contact.js'
import { untilInterrupted } from '../interruption.js'
import { chunkMessages, lineMessages } from '../publish/input-messages.js'
import { messageForm } from '../publish/message-form.js'
import { type Outgoing, PublishWindow } from '../publish/publish-window.js'
import { CommandFailed, sentenceOf } from '../trouble.js'

interface PublishFlags extends ContactFlags {
  readonly contentType?: string
  readonly create?: true
  readonly string?: true
  readonly close?: true
  readonly live?: 'websocket'
}

const examples = `
Without messages it publishes its standard input: in a JSON channel each line is one JSON value, published byte
for byte as it stands (empty lines are passed over); with --string each line is published as a JSON string,
whatever it looks like. In a text channel a line is a message with its line break; in any other channel the bytes
are published as they come. Each line goes out as soon as it has come; what comes while a request is under way is
gathered for the next one.

It ends with 0 when everything is kept. After Ctrl-C it reads no more and waits for what it has read to be kept.

Examples:
  tidings publish cake '{"cake":"ready"}' 9007199254740993
  tidings publish cake --string "Is the cake ready?" "No, wait."
  tail -f app.log | tidings publish app-log --create --string
  tidings publish cake --live websocket < messages.ndjson
  tidings publish cake '"the last slice"' --close`

export function publishCommand(): Command {
  const command = new Command('publish')
    .description('append messages to a channel: the arguments, or the lines of stdin as they come')
    .argument('<channel>')
    .argument('[messages...]', 'JSON values (for a JSON channel), else texts')
    .option('-s, --string', 'each argument or line is a string, and becomes a JSON string')
    .option('--create', 'make the channel if it is not there')
    .option('--content-type <type>', 'of the channel that --create makes (default: application/json)')
    .option('--close', 'close the channel behind the last message')
    .addOption(
      new Option('--live <way>', 'publish over a socket that stays open, instead of POST requests').choices([
        'websocket',
      ]),
    )
  return addContactFlags(command).addHelpText('after', examples).action(publish)
}

async function publish(channel: string, texts: string[], flags: PublishFlags): Promise<void> {
  const interrupted = untilInterrupted()
  const contact = new Contact(flags, interrupted)
  const { contentType, kind } = await findOrCreate(channel, contact, flags, interrupted)
  const form = messageForm(kind, flags.string ?? false)
  const given = texts.map((text, index) => ({
    message: form.fromArgument(text),
    origin: `message ${index + 1}`,
  }))

  const isInput = texts.length === 0
  // The first Ctrl-C ends the reading, not the publishing of what was read.
  const options = { ...contact.clientOptions(isInput), signal: undefined, contentType }
  const makePublisher = flags.live === 'websocket' ? socketPublisher : postPublisher
  const publisher = makePublisher(contact.address(channel), options)
  const window = new PublishWindow(publisher)
  const signal = AbortSignal.any([interrupted, window.refused])
  const readInput = kind === 'binary' ? chunkMessages : lineMessages
  if (isInput && process.stdin.isTTY) contact.note('reading from the terminal; Ctrl-D ends')
  try {
    const trouble = await publishAll(
      isInput ? readInput(process.stdin, { form, signal, note: contact.note }) : given,
      window,
    )
    await window.settled()
    if (flags.close && trouble === undefined && !window.refusal) await window.close()
    report(channel, window, contact)
    if (trouble !== undefined) throw trouble
  } finally {
    await publisher.stop()
  }
}

/** @returns what was wrong with the input: what came before it is published all the same */
async function publishAll(
  messages: Iterable<Outgoing> | AsyncIterable<Outgoing>,
  window: PublishWindow,
): Promise<unknown> {
  try {
    for await (const message of messages) {
      if (window.refusal) break
      await window.publish(message)
    }
    return undefined
  } catch (error) {
    return error
  }
}

/** @throws CommandFailed naming the first message that was not kept */
function report(channel: string, window: PublishWindow, contact: Contact): void {
  const { keptMessages, nextOffset, refusal } = window
  if (nextOffset !== undefined) {
    const messages = keptMessages === 1 ? '1 message' : `${keptMessages} messages`
    contact.note(`${messages} kept in ${channel}; next offset ${nextOffset}`)
  }
  if (!refusal) return
  const { origin, error } = refusal
  if (!(error instanceof ProblemError)) throw error
  throw new CommandFailed(`${origin} was not kept: ${sentenceOf(error)}`, { cause: error })
}

/** @throws CommandFailed when it is there with another content type than the one that was asked for */
async function findOrCreate(
  channel: string,
  contact: Contact,
  flags: PublishFlags,
  signal: AbortSignal,
): Promise<ChannelState> {
  const wanted = flags.contentType
  try {
    const state = await contact.head(channel)
    if (wanted === undefined || mediaType(wanted) === mediaType(state.contentType)) return state
    throw new CommandFailed(`${channel} is there already, and holds ${state.contentType}, not ${wanted}.`)
  } catch (error) {
    if (!flags.create || !(error instanceof ProblemError) || error.code !== 'channel-unknown') throw error
    const contentType = wanted ?? 'application/json'
    const state = await contact.ask(() => createChannel(contact.address(channel), { contentType, signal }))
    if (state.created) contact.note(`made ${channel} (${contentType})`)
    return state
  }
}
