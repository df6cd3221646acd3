import { ask, type RawAnswer } from '../support/raw-connection.js'
import type { RawWebSocket } from '../support/raw-websocket.js'

export interface ProducerAppend {
  readonly id: string
  readonly epoch: number
  readonly seq: number
  readonly message?: unknown
  readonly close?: boolean
}

/** What a producer is told, in the same words whichever way it appends. */
export type Outcome =
  | { readonly kept: 'new' | 'duplicate'; readonly nextOffset: string }
  | {
      readonly refused: string
      readonly currentEpoch?: number
      readonly expectedSeq?: number
      readonly receivedSeq?: number
    }

export function postRequest(path: string, { id, epoch, seq, message, close = false }: ProducerAppend) {
  const headers = {
    'producer-id': id,
    'producer-epoch': String(epoch),
    'producer-seq': String(seq),
    ...(message !== undefined && { 'content-type': 'application/json' }),
    ...(close && { 'stream-closed': 'true' }),
  }
  return {
    method: 'POST',
    target: path,
    headers,
    ...(message !== undefined && { body: JSON.stringify([message]) }),
  }
}

export async function appendByPost(url: string, path: string, append: ProducerAppend): Promise<Outcome> {
  return outcomeOf(await ask(url, postRequest(path, append)), append)
}

export function outcomeOf({ status, headers, body }: RawAnswer, append: ProducerAppend): Outcome {
  const nextOffset = headers['stream-next-offset'] as string
  // A close alone is 204 whether it is the first or not: only the model can tell.
  if (status === 200 || (status === 204 && append.message === undefined)) return { kept: 'new', nextOffset }
  if (status === 204) return { kept: 'duplicate', nextOffset }
  const { code, ...facts } = JSON.parse(body) as { code: string }
  return { refused: code, ...known(facts) }
}

let requests = 0

export async function appendBySocket(
  socket: RawWebSocket,
  channel: string,
  { message, close, ...producer }: ProducerAppend,
): Promise<Outcome> {
  const id = requests++
  const messages = message === undefined ? undefined : [message]
  socket.send({
    opcode: 1,
    payload: JSON.stringify({ type: 'publish', id, channel, messages, close, producer }),
  })
  for (;;) {
    const answer = JSON.parse((await socket.next()).payload.toString()) as Record<string, unknown>
    if (answer.id !== id) continue
    if (answer.type === 'published') {
      return { kept: answer.duplicate ? 'duplicate' : 'new', nextOffset: String(answer.nextOffset) }
    }
    return { refused: String(answer.code), ...known(answer) }
  }
}

type Facts = Omit<Extract<Outcome, { refused: string }>, 'refused'>

function known({ currentEpoch, expectedSeq, receivedSeq }: Facts): Facts {
  return {
    ...(currentEpoch !== undefined && { currentEpoch }),
    ...(expectedSeq !== undefined && { expectedSeq }),
    ...(receivedSeq !== undefined && { receivedSeq }),
  }
}
