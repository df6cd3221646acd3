import { listChannels } from '@tidings/client/ways'
import type { RunningServer, ServerOptions } from 'tidings'
import { startTestServer } from '../support/test-server.js'

export const json = { 'content-type': 'application/json' }

/** A server on which every channel under `orders/` is made by its first use. */
export function startWithOrders(options: ServerOptions = {}): Promise<RunningServer> {
  return startTestServer({ autoCreate: ['orders/*'], longPollMs: 50, ...options })
}

export function urlOf({ url }: { readonly url: string }, name: string, query = ''): string {
  return `${url}/v1/stream/${name.split('/').map(encodeURIComponent).join('/')}${query}`
}

export async function namesOn({ url }: { readonly url: string }): Promise<string[]> {
  return (await listChannels(url)).channels.map(({ name }) => name)
}

export async function codeOf(answer: Response): Promise<string | undefined> {
  const text = await answer.text()
  return text.includes('"code"') ? (JSON.parse(text) as { code: string }).code : undefined
}
