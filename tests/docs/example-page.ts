/**
 * A page's examples: fenced blocks of `console`, where a line that begins with `$ ` is a command (it goes on while
 * lines end in a backslash or a quote is open) and the lines up to the next command are what it prints; and blocks of
 * `js` whose first line is `// <name>.mjs`, which are the files that the commands run.
 */
export interface ExamplePage {
  readonly files: ReadonlyMap<string, string>
  readonly blocks: readonly ExampleBlock[]
}

export interface ExampleBlock {
  /** Where the block's inside begins and ends in the page. */
  readonly start: number
  readonly end: number
  readonly steps: readonly ExampleStep[]
}

export interface ExampleStep {
  readonly line: number
  readonly command: string
  readonly output: string
}

export function parseExamplePage(page: string): ExamplePage {
  const files = new Map<string, string>()
  const blocks: ExampleBlock[] = []
  for (const match of page.matchAll(/^```(console|js)\n([\s\S]*?)^```$/gm)) {
    const [whole, language, inside = ''] = match
    const start = match.index + whole.indexOf('\n') + 1
    const name = /^\/\/ (\S+\.mjs)/.exec(inside)?.[1]
    if (language === 'js' && name !== undefined) files.set(name, inside)
    if (language === 'console') {
      const firstLine = page.slice(0, start).split('\n').length
      blocks.push({ start, end: start + inside.length, steps: parseSteps(inside, firstLine) })
    }
  }
  return { files, blocks }
}

function parseSteps(inside: string, firstLine: number): ExampleStep[] {
  const steps: { line: number; command: string; output: string }[] = []
  for (const [index, text] of inside.split('\n').slice(0, -1).entries()) {
    const last = steps.at(-1)
    if (text.startsWith('$ ')) steps.push({ line: firstLine + index, command: text.slice(2), output: '' })
    else if (!last) throw new Error(`Line ${firstLine + index}: an example begins with "$ "`)
    else if (last.output === '' && isUnfinished(last.command)) last.command += `\n${text}`
    else last.output += `${text}\n`
  }
  return steps
}

function isUnfinished(command: string): boolean {
  return command.endsWith('\\') || (command.match(/'/g)?.length ?? 0) % 2 === 1
}

/** The page with the outputs of a run, one per step in their order, in the place of its own. */
export function withOutputs(page: string, { blocks }: ExamplePage, outputs: readonly string[]): string {
  let written = ''
  let from = 0
  let next = 0
  for (const { start, end, steps } of blocks) {
    const lines = steps.map(({ command }) => `$ ${command}\n${outputs[next++]}`)
    written += page.slice(from, start) + lines.join('')
    from = end
  }
  return written + page.slice(from)
}
