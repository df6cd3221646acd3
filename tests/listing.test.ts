import { startServer } from 'tidings'
import { afterAll, beforeAll, expect, test } from 'vitest'

let server: Awaited<ReturnType<typeof startServer>>
let timeMs = Date.parse('2030-01-01T00:00:00Z')

beforeAll(async () => {
  server = await startServer({ port: 0, engine: 'memory', now: () => timeMs })
})
afterAll(() => server.close())

async function page(after: string | null): Promise<{ channels: { name: string }[]; next: string | null }> {
  const query = after === null ? '' : `&after=${encodeURIComponent(after)}`
  return (await (await fetch(`${server.url}/v1/channels?limit=2${query}`)).json()) as Awaited<
    ReturnType<typeof page>
  >
}

test('a listing goes on past channels whose time is over', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    const lifetime: Record<string, string> = name === 'b' ? { 'stream-ttl': '1' } : {}
    await fetch(`${server.url}/v1/stream/${name}`, { method: 'PUT', headers: lifetime })
  }
  timeMs += 2_000
  const names: string[] = []
  let after: string | null = null
  do {
    const { channels, next } = await page(after)
    names.push(...channels.map(({ name }) => name))
    after = next
  } while (after !== null)
  expect(names).toEqual(['a', 'c', 'd', 'e'])
})
