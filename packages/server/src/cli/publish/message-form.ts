import { type ChannelKind, ProblemError, RawJson } from '@tidings/client/ways'
import { CommandFailed, UsageError } from '../trouble.js'
import type { Message } from './publish-window.js'

/** What an argument or a line of the input is, by what the channel holds. */
export interface MessageForm {
  /** @throws UsageError */
  fromArgument(text: string): Message
  /** @returns undefined when the line holds none. @throws CommandFailed */
  fromLine(bytes: Buffer, hasLineFeed: boolean): Message | undefined
}

/** @param string each argument or line is a string, whatever it looks like */
export function messageForm(kind: ChannelKind, string: boolean): MessageForm {
  if (kind === 'json') return string ? jsonStrings : jsonValues
  if (string) throw new UsageError(`--string is for JSON channels; a ${kind} channel takes what it is given.`)
  return kind === 'text' ? texts : bytes
}

/** Verbatim, so that numbers keep their digits and objects their order. */
const jsonValues: MessageForm = {
  fromArgument: (text) => rawJson(text, (sentence) => new UsageError(sentence)),
  fromLine(bytes) {
    const text = decode(bytes)
    // ndjson may have empty lines.
    return text.trim() === '' ? undefined : rawJson(text, (sentence) => new CommandFailed(sentence))
  },
}

/**
 * A line is a string without its line feed; an empty line is an empty string. One bad byte must not end the
 * publishing of a log: it becomes U+FFFD, and who reads the lines says so.
 */
const jsonStrings: MessageForm = {
  fromArgument: (text) => text,
  fromLine: (bytes) => lenientDecoder.decode(bytes),
}

/** A line keeps its line feed, so that a file that is published reads back as it was. */
const texts: MessageForm = {
  fromArgument: (text) => nonEmpty(text),
  fromLine: (bytes, hasLineFeed) => decode(bytes) + (hasLineFeed ? '\n' : ''),
}

/** A binary channel is published from the input's chunks and not from lines. */
const bytes: MessageForm = {
  fromArgument: (text) => Buffer.from(nonEmpty(text)),
  fromLine: (chunk) => chunk,
}

function rawJson(text: string, trouble: (sentence: string) => Error): RawJson {
  try {
    return new RawJson(text)
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    throw trouble(`${excerpt(text)} is no JSON value. To publish it as a string, add --string.`)
  }
}

// A byte order mark belongs to the text: `ignoreBOM` is what keeps it.
const lenientDecoder = new TextDecoder('utf-8', { ignoreBOM: true })
const strictDecoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })

function excerpt(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

function decode(bytes: Buffer): string {
  try {
    return strictDecoder.decode(bytes)
  } catch {
    throw new CommandFailed('Not UTF-8. A channel of application/octet-stream takes any bytes.')
  }
}

function nonEmpty(text: string): string {
  if (text === '') throw new UsageError('A message of a text or binary channel has at least one byte.')
  return text
}
