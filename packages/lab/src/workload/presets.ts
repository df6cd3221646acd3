import { type Choices, noReaders } from './choices.js'

export interface Preset extends Choices {
  readonly title: string
  /** What the numbers stand for, in a sentence. */
  readonly description: string
}

/** Everyday channels, as numbers. A rate here is that of one channel, and a reader hears one. */
export const presets: readonly Preset[] = [
  {
    preset: 'cake',
    title: 'The cake',
    description: 'An order page: a step every five seconds, and a guest who wants to see it soon.',
    workload: { messagesPerSecond: 0.2, burst: 1, messageBytes: 120, readers: noReaders },
    settings: { pollIntervalMs: 1_000, holdSeconds: 20, isKeptAlive: true },
    audience: { readers: 50, saysPerMinute: 0, toleratedDelayMs: 2_000 },
  },
  {
    preset: 'chat',
    title: 'Chat',
    description: 'A lively room: two messages a second, three at a time, and everybody may answer.',
    workload: { messagesPerSecond: 2, burst: 3, messageBytes: 220, readers: noReaders },
    settings: { pollIntervalMs: 1_000, holdSeconds: 20, isKeptAlive: true },
    audience: { readers: 200, saysPerMinute: 1, toleratedDelayMs: 500 },
  },
  {
    preset: 'stock-ticker',
    title: 'Stock ticker',
    description: 'Small prices, twenty a second in fives, to very many who only listen.',
    workload: { messagesPerSecond: 20, burst: 5, messageBytes: 96, readers: noReaders },
    settings: { pollIntervalMs: 500, holdSeconds: 20, isKeptAlive: true },
    audience: { readers: 50_000, saysPerMinute: 0, toleratedDelayMs: 250 },
  },
  {
    preset: 'notifications',
    title: 'Notifications',
    description: 'Something every twenty seconds, for many, and nobody minds a wait.',
    workload: { messagesPerSecond: 0.05, burst: 1, messageBytes: 320, readers: noReaders },
    settings: { pollIntervalMs: 5_000, holdSeconds: 20, isKeptAlive: true },
    audience: { readers: 10_000, saysPerMinute: 0, toleratedDelayMs: 10_000 },
  },
  {
    preset: 'llm-tokens',
    title: 'LLM tokens',
    description: 'An answer as it is written: thirty small pieces a second to the one who asked.',
    workload: { messagesPerSecond: 30, burst: 1, messageBytes: 72, readers: noReaders },
    settings: { pollIntervalMs: 250, holdSeconds: 20, isKeptAlive: true },
    audience: { readers: 100, saysPerMinute: 0, toleratedDelayMs: 200 },
  },
  {
    preset: 'game',
    title: 'Multiplayer game',
    description: 'The state of the arena, twenty times a second, and input just as often.',
    workload: { messagesPerSecond: 20, burst: 1, messageBytes: 256, readers: noReaders },
    settings: { pollIntervalMs: 100, holdSeconds: 20, isKeptAlive: true },
    audience: { readers: 16, saysPerMinute: 1_200, toleratedDelayMs: 100 },
  },
]

/** Enough happens to see the ways differ within seconds, and not too much to read the arrows. */
export const firstPreset = presetNamed('chat')!

export function presetNamed(name: string): Preset | undefined {
  return presets.find(({ preset }) => preset === name)
}

export function choicesOf({ preset, workload, settings, audience }: Preset): Choices {
  return { preset, workload, settings, audience }
}
