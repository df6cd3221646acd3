import { ways } from '@tidings/protocol'
import { type Choices, choiceLimits, noReaders, type Range, within } from './choices.js'
import { choicesOf, firstPreset, presetNamed } from './presets.js'

/** A number of the choices by its name in the address. */
interface NumberField {
  readonly name: string
  readonly range: Range
  readonly isWhole: boolean
  get(choices: Choices): number
  set(choices: Choices, value: number): Choices
}

function workloadField(
  name: string,
  key: 'messagesPerSecond' | 'burst' | 'messageBytes',
  isWhole = true,
): NumberField {
  return {
    name,
    range: choiceLimits[key],
    isWhole,
    get: ({ workload }) => workload[key],
    set: (choices, value) => ({ ...choices, workload: { ...choices.workload, [key]: value } }),
  }
}

function settingsField(name: string, key: 'pollIntervalMs' | 'holdSeconds'): NumberField {
  return {
    name,
    range: choiceLimits[key],
    isWhole: true,
    get: ({ settings }) => settings[key],
    set: (choices, value) => ({ ...choices, settings: { ...choices.settings, [key]: value } }),
  }
}

function audienceField(
  name: string,
  key: 'readers' | 'saysPerMinute' | 'toleratedDelayMs',
  range: Range,
): NumberField {
  return {
    name,
    range,
    isWhole: true,
    get: ({ audience }) => audience[key],
    set: (choices, value) => ({ ...choices, audience: { ...choices.audience, [key]: value } }),
  }
}

const fields: readonly NumberField[] = [
  workloadField('rate', 'messagesPerSecond', false),
  workloadField('burst', 'burst'),
  workloadField('size', 'messageBytes'),
  settingsField('poll', 'pollIntervalMs'),
  settingsField('hold', 'holdSeconds'),
  ...ways.map(
    (way): NumberField => ({
      name: `${way}-readers`,
      range: choiceLimits.readersPerWay,
      isWhole: true,
      get: ({ workload }) => workload.readers[way],
      set: (choices, value) => ({
        ...choices,
        workload: { ...choices.workload, readers: { ...choices.workload.readers, [way]: value } },
      }),
    }),
  ),
  audienceField('audience', 'readers', choiceLimits.audienceReaders),
  audienceField('says', 'saysPerMinute', choiceLimits.saysPerMinute),
  audienceField('late', 'toleratedDelayMs', choiceLimits.toleratedDelayMs),
]

/**
 * The choices that a page's address holds: `?preset=chat&rate=5&poll=250&keep-alive=off`. What is absent or makes no
 * sense is the preset's; a number beyond its limit is the nearest that is allowed.
 *
 * @param search  with or without its question mark; whatever somebody wrote
 */
export function parseChoices(search: string): Choices {
  const query = new URLSearchParams(search)
  const start = choicesOf(presetNamed(query.get('preset') ?? '') ?? firstPreset)
  const choices = fields.reduce((sofar, field) => {
    const value = parseNumber(query.get(field.name), field)
    return value === undefined ? sofar : field.set(sofar, value)
  }, start)
  const keepAlive = query.get('keep-alive')
  if (keepAlive !== 'on' && keepAlive !== 'off') return choices
  return { ...choices, settings: { ...choices.settings, isKeptAlive: keepAlive === 'on' } }
}

/** The shortest address that `parseChoices` makes the same choices of: what is the preset's own is left out. */
export function formatChoices(choices: Choices): string {
  const preset = presetNamed(choices.preset) ?? firstPreset
  const query = new URLSearchParams()
  if (preset !== firstPreset) query.set('preset', preset.preset)
  for (const field of fields) {
    if (field.get(choices) !== field.get(preset)) query.set(field.name, String(field.get(choices)))
  }
  const { isKeptAlive } = choices.settings
  if (isKeptAlive !== preset.settings.isKeptAlive) query.set('keep-alive', isKeptAlive ? 'on' : 'off')
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}

/** Whether the numbers are still the preset's; the workload's own readers are beside it. */
export function isPresetItself(choices: Choices): boolean {
  const withoutReaders = { ...choices, workload: { ...choices.workload, readers: noReaders } }
  return (
    formatChoices(withoutReaders) === formatChoices(choicesOf(presetNamed(choices.preset) ?? firstPreset))
  )
}

function parseNumber(text: string | null, { range, isWhole }: NumberField): number | undefined {
  if (text === null || !/^\d{1,9}(\.\d{1,6})?$/.test(text)) return undefined
  const value = Number(text)
  return within(range, isWhole ? Math.round(value) : value)
}
