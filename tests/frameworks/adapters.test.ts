import { readdir, readFile } from 'node:fs/promises'
import { connect } from '@tidings/client'
import { createEffect, createRoot } from 'solid-js'
import type { Readable } from 'svelte/store'
import { expect, onTestFinished, test, vi } from 'vitest'
import { effectScope, watchSyncEffect } from 'vue'
import { createChannel } from '../../examples/adapters/solid.js'
import { readableChannel } from '../../examples/adapters/svelte.js'
import { useChannel } from '../../examples/adapters/vue.js'
import { createTestChannel } from '../support/channel.js'
import { startTestServer } from '../support/test-server.js'

// In Node, Solid is what renders on a server, where nothing reacts. The browser's needs no browser.
vi.mock('solid-js', () => vi.importActual('solid-js/dist/solid.js'))

interface Showing {
  publish(message: string): Promise<unknown>
  dispose(): void
}

type Channel = Parameters<typeof useChannel<string>>[0]
type Show = (messages: readonly string[], state: string) => void

const adapters: Record<string, (channel: Channel, show: Show) => Showing> = {
  'vue.ts': (channel, show) => {
    const scope = effectScope()
    const { publish } = scope.run(() => {
      const used = useChannel(channel)
      watchSyncEffect(() => show(used.view.value.messages, used.view.value.state))
      return used
    }) as ReturnType<typeof useChannel<string>>
    return { publish, dispose: () => scope.stop() }
  },
  'svelte.ts': (channel, show) => {
    const used = readableChannel(channel)
    const dispose = used.subscribe(({ messages, state }) => show(messages, state))
    return { publish: used.publish, dispose }
  },
  'solid.ts': (channel, show) =>
    createRoot((dispose) => {
      const used = createChannel(channel)
      createEffect(() => show(used.view().messages, used.view().state))
      return { publish: used.publish, dispose }
    }),
}

async function openWorld() {
  const server = await startTestServer()
  const channel = await createTestChannel(server)
  const tidings = connect(server.url)
  onTestFinished(() => tidings.close())
  return { channel, tidings, heard: tidings.channel<string>('cake', { offset: '-1' }) }
}

const folder = new URL('../../examples/adapters/', import.meta.url)

test('each adapter has its test here, and at most ten lines', async () => {
  expect((await readdir(folder)).sort()).toEqual(Object.keys(adapters).sort())
  for (const name of Object.keys(adapters)) {
    const lines = (await readFile(new URL(name, folder), 'utf8')).split('\n')
    expect(lines.filter((line) => line && !/^(import|\/\*\*)/.test(line)).length).toBeLessThanOrEqual(10)
  }
})

test.each(Object.entries(adapters))(
  '%s shows what comes, as it comes, until it is disposed of',
  async (_, use) => {
    const { channel, tidings, heard } = await openWorld()
    await channel.publish('a', 'b')
    const shown: (readonly string[])[] = []
    const { dispose } = use(heard, (messages) => shown.push(messages))
    const shows = (...messages: string[]) =>
      vi.waitFor(() => expect(shown.at(-1)).toEqual(messages), { timeout: 10_000 })
    expect(shown).toEqual([[]])
    await shows('a', 'b')
    await channel.publish('c')
    await shows('a', 'b', 'c')
    dispose()
    await vi.waitFor(() => expect(tidings.state).toBe('idle'), { timeout: 10_000 })
    const renderings = shown.length
    await channel.publish('unseen')
    expect(shown.length).toBe(renderings)
  },
)

test.each(Object.entries(adapters))('%s shows a thousand messages at once', async (_, use) => {
  const { channel, heard } = await openWorld()
  const numbers = Array.from({ length: 1_000 }, (_, index) => `${index}`)
  await channel.publish(...numbers)
  const shown: (readonly string[])[] = []
  const { dispose } = use(heard, (messages) => shown.push(messages))
  await vi.waitFor(() => expect(shown.at(-1)).toEqual(numbers), { timeout: 10_000 })
  expect(shown.length).toBeLessThanOrEqual(4)
  dispose()
})

test.each(Object.entries(adapters))('%s publishes', async (_, use) => {
  const { heard } = await openWorld()
  const shown: (readonly string[])[] = []
  const { publish, dispose } = use(heard, (messages) => shown.push(messages))
  await publish('mine')
  await vi.waitFor(() => expect(shown.at(-1)).toEqual(['mine']), { timeout: 10_000 })
  dispose()
})

test("Svelte's readable may be left and taken up again, and goes on", async () => {
  const { channel, tidings, heard } = await openWorld()
  const view: Readable<{ messages: readonly string[] }> = readableChannel(heard)
  const take = async (...expected: string[]) => {
    let messages: readonly string[] = []
    const leave = view.subscribe((value) => {
      messages = value.messages
    })
    await vi.waitFor(() => expect(messages).toEqual(expected), { timeout: 10_000 })
    leave()
    await vi.waitFor(() => expect(tidings.state).toBe('idle'), { timeout: 10_000 })
  }
  await channel.publish('a')
  await take('a')
  await channel.publish('b')
  await take('a', 'b')
})
