import { type ChannelKind, channelKind, encodeChannelName, header, path } from '@tidings/protocol'
import { answerMalformed } from '../problem-error.js'
import { type ChannelAddress, channelUrl, checkName, serverUrl } from '../wire/address.js'
import { type Answer, answerSilenceMs, ask, type HttpOptions } from '../wire/http.js'

/**
 * What can be done with a channel beside hearing it and publishing to it: one request each, not repeated.
 * All throw ProblemError: what the server refused it with, or `connection-failed`.
 */
export interface ChannelRequestOptions extends HttpOptions {
  readonly signal?: AbortSignal
}

export interface CreateOptions extends ChannelRequestOptions {
  /** Default `application/json`; that of the source for a fork. */
  readonly contentType?: string
  /** Begins with what another channel holds. */
  readonly fork?: ForkOptions
}

/** @see Durable Streams §4.2 */
export interface ForkOptions {
  /** The other channel's name. */
  readonly from: string
  /** Up to this offset of it; default: all that it holds. */
  readonly offset?: string
  /** And so many messages more (of text or bytes: bytes of the next message). */
  readonly subOffset?: number
}

export interface ChannelState {
  readonly contentType: string
  readonly kind: ChannelKind
  /** The tail. */
  readonly nextOffset: string
  readonly closed: boolean
}

export interface ListedChannel {
  readonly name: string
  readonly contentType: string
  readonly nextOffset: string
  readonly closed: boolean
}

export interface ChannelList {
  readonly channels: readonly ListedChannel[]
  /** Give it as `after` to go on; null at the end. */
  readonly next: string | null
}

export interface ListOptions extends ChannelRequestOptions {
  /** Names after this one. */
  readonly after?: string
  /** At most so many; the server has its own bound. */
  readonly limit?: number
}

/**
 * Makes the channel; that it exists already with the same configuration is success too.
 *
 * @throws ProblemError `channel-exists` when it does with another one
 */
export async function createChannel(
  address: ChannelAddress,
  options: CreateOptions = {},
): Promise<ChannelState & { readonly created: boolean }> {
  const { fork } = options
  const contentType = options.contentType ?? (fork ? undefined : 'application/json')
  const headers = {
    ...(contentType !== undefined && { 'content-type': contentType }),
    ...(fork && forkHeaders(fork)),
  }
  const answer = await once(channelUrl(address), { method: 'PUT', headers }, options)
  return { ...channelState(answer, contentType), created: answer.status === 201 }
}

function forkHeaders({ from, offset, subOffset }: ForkOptions) {
  checkName(from)
  return {
    // As the server sees it: a path before `/v1` is a proxy's.
    [header.forkedFrom]: path.stream + encodeChannelName(from),
    ...(offset !== undefined && { [header.forkOffset]: offset }),
    ...(subOffset !== undefined && { [header.forkSubOffset]: String(subOffset) }),
  }
}

export async function head(
  address: ChannelAddress,
  options: ChannelRequestOptions = {},
): Promise<ChannelState> {
  return channelState(await once(channelUrl(address), { method: 'HEAD' }, options))
}

/** No message can follow; closing a closed channel is success. */
export async function closeChannel(
  address: ChannelAddress,
  options: ChannelRequestOptions = {},
): Promise<{ readonly nextOffset: string }> {
  const headers = { [header.closed]: 'true' }
  const answer = await once(channelUrl(address), { method: 'POST', headers }, options)
  return { nextOffset: required(answer, header.nextOffset) }
}

export async function deleteChannel(
  address: ChannelAddress,
  options: ChannelRequestOptions = {},
): Promise<void> {
  await once(channelUrl(address), { method: 'DELETE' }, options)
}

/** One page of the server's channels, by name. */
export async function listChannels(server: string, options: ListOptions = {}): Promise<ChannelList> {
  const url = serverUrl(server, path.channels)
  if (options.after !== undefined) url.searchParams.set('after', options.after)
  if (options.limit !== undefined) url.searchParams.set('limit', String(options.limit))
  const answer = await once(url, { method: 'GET' }, options)
  const list = parseList(new TextDecoder().decode(answer.body))
  if (list === undefined) throw answerMalformed('The list of channels is none.')
  return list
}

function once(
  url: URL,
  request: { method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'; headers?: Record<string, string> },
  options: ChannelRequestOptions,
): Promise<Answer> {
  return ask(url, { ...request, signal: options.signal, silenceMs: answerSilenceMs }, options)
}

function channelState(answer: Answer, asked?: string): ChannelState {
  const contentType = answer.headers.get('content-type') ?? asked
  if (contentType === undefined) throw answerMalformed('The answer has no content type.')
  return {
    contentType,
    kind: channelKind(contentType),
    nextOffset: required(answer, header.nextOffset),
    closed: answer.headers.get(header.closed) === 'true',
  }
}

export function required(answer: Pick<Answer, 'headers' | 'status'>, name: string): string {
  const value = answer.headers.get(name)
  if (value === null) throw answerMalformed(`The answer (${answer.status}) has no ${name}.`)
  return value
}

function parseList(text: string): ChannelList | undefined {
  try {
    const list: unknown = JSON.parse(text)
    return typeof list === 'object' && list !== null && 'channels' in list && Array.isArray(list.channels)
      ? (list as ChannelList)
      : undefined
  } catch {
    return undefined
  }
}
