import { expect } from 'vitest'

export const json = { 'content-type': 'application/json' }

/** A channel of JSON that keeps the newest messages only. */
export async function makeChannel(
  server: { readonly url: string },
  headers: Readonly<Record<string, string>>,
  name = 'cake',
): Promise<string> {
  const url = `${server.url}/v1/stream/${name}`
  const answer = await fetch(url, { method: 'PUT', headers: { ...json, ...headers } })
  expect(answer.status).toBe(201)
  return url
}

export async function post(url: string, value: unknown): Promise<string> {
  const answer = await fetch(url, { method: 'POST', headers: json, body: JSON.stringify(value) })
  expect(answer.status).toBe(204)
  return answer.headers.get('stream-next-offset') as string
}

/** Resolves with the earliest offset once the channel has dropped what is before `offset`. */
export async function untilPassed(url: string, offset: string): Promise<string> {
  for (;;) {
    const answer = await fetch(url, { method: 'HEAD' })
    const earliest = answer.headers.get('stream-earliest-offset') as string
    if (earliest > offset) return earliest
  }
}
