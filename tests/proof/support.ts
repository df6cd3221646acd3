import { randomUUID } from 'node:crypto'
import { RawEventStream } from '../support/raw-client.js'

export const newId = (): string => randomUUID()

export function proofUrl(at: { readonly url: string }, id: string): string {
  return `${at.url}/v1/proof/${id}`
}

/** Asks whether the stream of a proof has said its nonce. */
export async function ask(url: string, headers: Record<string, string> = {}) {
  const answer = await fetch(url, { method: 'POST', headers })
  const { nonce, code } = (await answer.json()) as { readonly nonce?: string; readonly code?: string }
  return { status: answer.status, headers: answer.headers, nonce, code }
}

/** The stream of a proof, as soon as its head has come. */
export async function openStream(url: string, headers?: Record<string, string>): Promise<RawEventStream> {
  return (await RawEventStream.open(url, headers)).read()
}

/** What a stream says, once it has come. */
export async function nonceOn(stream: { has(pattern: RegExp): Promise<RegExpExecArray> }): Promise<string> {
  return (await stream.has(/^data:(.+)\n\n/m))[1] as string
}
