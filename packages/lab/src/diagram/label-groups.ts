import type { Arrow, ArrowKind } from '../record/types.js'
import type { TextRun } from './shapes.js'
import type { Colour } from './theme.js'

/** What wants a label: an arrow, or what became of a connection. */
export interface LabelItem {
  /** By the server's clock. */
  readonly atMs: number
  readonly of: Arrow | ConnectionNote
}

export interface ConnectionNote {
  readonly what: 'opened' | 'closed'
  readonly port: number
  readonly by: 'client' | 'server'
}

/** Items of one side that share a label, because they are less than a line apart. */
export interface LabelGroup {
  /** Of the first one that has the place. */
  readonly atMs: number
  readonly items: readonly LabelItem[]
}

/**
 * After so many lines the grouping begins anew: twelve labels that are a line apart or a little more, so that in an
 * even stream the last one keeps its place.
 */
const linesInBlock = 12.8

/** How far before what is visible the items have to begin for the groups to come out the same whatever is visible. */
export function groupingLeadMs(lineMs: number): number {
  return linesInBlock * lineMs
}

/**
 * Gives a label to an item and takes along those that follow within a line. Begins anew at blocks that are fixed in
 * time: so the same items share a label while the diagram moves. What ends a block too near to the next one's first
 * item joins that.
 *
 * @param items  in order of `atMs`, from a block's beginning or earlier
 */
export function groupLabels(items: readonly LabelItem[], lineMs: number): readonly LabelGroup[] {
  const blockMs = linesInBlock * lineMs
  const groups: { atMs: number; items: LabelItem[] }[] = []
  let blockOfLast = Number.NaN
  for (const item of items) {
    const last = groups.at(-1)
    const block = Math.floor(item.atMs / blockMs)
    const isNear = last !== undefined && item.atMs - last.atMs < lineMs
    if (!isNear) groups.push({ atMs: item.atMs, items: [item] })
    else if (block !== blockOfLast)
      groups[groups.length - 1] = { atMs: item.atMs, items: [...last.items, item] }
    else last.items.push(item)
    blockOfLast = block
  }
  return groups
}

export function isArrow(of: LabelItem['of']): of is Arrow {
  return 'kind' in of
}

export function colourOf(arrow: Arrow): Colour {
  return arrow.isEmpty ? 'empty' : colourOfKind[arrow.kind]
}

const colourOfKind: Record<ArrowKind, Colour> = {
  request: 'request',
  response: 'response',
  event: 'event',
  comment: 'empty',
  frame: 'frame',
}

/**
 * A group's text, from the most telling to the shortest, so that one fits: what the arrows are, then the connections.
 * Arrows of one kind are counted (`204 ×13`), under their kind's name when they differ (`frame ×14`).
 */
export function labelVariants(group: LabelGroup): readonly (readonly TextRun[])[] {
  const arrows: Arrow[] = []
  const notes: ConnectionNote[] = []
  for (const { of } of group.items) {
    if (isArrow(of)) arrows.push(of)
    else notes.push(of)
  }
  const sorts = sortsOf(arrows)
  const arrowRuns = textOfSorts(sorts, false)
  const shortRuns = textOfSorts(sorts, true)
  if (notes.length === 0) return [arrowRuns, shortRuns]
  const noted = (runs: readonly TextRun[], text: string): readonly TextRun[] => [
    ...runs,
    { text: runs.length === 0 ? text : `  ${text}`, colour: 'connection' },
  ]
  const texts = textsOfNotes(notes)
  const whole = texts.map((text) => noted(arrowRuns, text))
  const [firstRun] = arrowRuns
  if (firstRun === undefined) return whole
  const firstWord = { ...firstRun, text: firstRun.text.split(' ', 1)[0] ?? '' }
  return [...whole, ...texts.map((text) => noted([firstWord], text)), arrowRuns, shortRuns]
}

interface Sort {
  readonly first: Arrow
  count: number
  isAlike: boolean
}

function sortsOf(arrows: readonly Arrow[]): readonly Sort[] {
  const sorts = new Map<string, Sort>()
  for (const arrow of arrows) {
    const name = `${arrow.kind} ${arrow.isEmpty}`
    const sort = sorts.get(name)
    if (sort === undefined) {
      sorts.set(name, { first: arrow, count: 1, isAlike: true })
    } else {
      sort.count += 1
      sort.isAlike &&= sort.first.label === arrow.label
    }
  }
  return [...sorts.values()]
}

function textOfSorts(sorts: readonly Sort[], isShort: boolean): readonly TextRun[] {
  return sorts.map(({ first, count, isAlike }, index) => {
    const kind = first.isEmpty ? `empty ${first.kind}` : first.kind
    const name = isAlike && !(isShort && count > 1) ? oneLine(first.label) : kind
    const text = `${index === 0 ? '' : ', '}${name}${count === 1 ? '' : ` ×${count}`}`
    return { text, colour: colourOf(first) }
  })
}

function textsOfNotes(notes: readonly ConnectionNote[]): readonly string[] {
  const [first] = notes as [ConnectionNote]
  if (notes.length === 1) {
    const short = `:${first.port} ${first.what}`
    return first.what === 'closed' ? [`${short} by the ${first.by}`, short] : [short]
  }
  if (notes.length === 2) {
    const both = notes.map((note) => `:${note.port} ${note.what}`).join(', ')
    return [both, ...countsOfNotes(notes)]
  }
  return countsOfNotes(notes)
}

function countsOfNotes(notes: readonly ConnectionNote[]): readonly string[] {
  const opened = notes.filter((note) => note.what === 'opened').length
  const closed = notes.length - opened
  const parts = [opened > 0 && `${opened} opened`, closed > 0 && `${closed} closed`].filter(Boolean)
  return [parts.join(', ')]
}

/** Labels come from the wire: nothing in them may break a line. */
function oneLine(text: string): string {
  return text.replace(/[\x00-\x1f\x7f]+/g, '·')
}
