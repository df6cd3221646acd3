import { parseArgs } from 'node:util'

export const usage = `npm run bench -- [scenario …] [--peer name …] [--quick] [--rounds n]

  scenario   of these; all without any
  --peer     only with this peer (ours is measured anyway); may stand several times
  --quick    small and short: shows that everything works, measures nothing
  --rounds   how often each is measured; medians are shown (default 3, with --quick 1)
  --list     what each scenario measures`

/** @returns what is asked for; throws a TypeError with a sentence when that can't be read */
export function readCommandLine(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      peer: { type: 'string', multiple: true },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3))
  if (!Number.isInteger(rounds) || rounds < 1) throw new TypeError('--rounds is a whole number, at least 1')
  return { ...values, rounds, scenarioNames: positionals, isQuick: values.quick }
}

/** @returns those of `known` that are named, or all; throws a TypeError that names what there is */
export function choose(known, names, kind) {
  if (names.length === 0) return known
  return names.map((name) => {
    const found = known.find((each) => each.name === name)
    if (found) return found
    throw new TypeError(
      `There is no ${kind} ${name}. There are: ${known.map((each) => each.name).join(', ')}`,
    )
  })
}
