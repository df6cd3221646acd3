/** What a colour stands for. Direction and form tell arrows apart as well: none of them is told by its colour only. */
export const colours = [
  'background',
  'grid',
  'muted',
  'client',
  'server',
  'request',
  'response',
  'event',
  'frame',
  'empty',
  'connection',
  'selected',
] as const

export type Colour = (typeof colours)[number]

/** CSS colours, and the CSS font family of every text. */
export interface Theme {
  readonly colours: Readonly<Record<Colour, string>>
  readonly fontFamily: string
}

const fontFamily = 'system-ui, sans-serif'

/** Hues of Okabe and Ito, which the colour-blind tell apart, darkened to 4.5:1 on white. */
export const lightTheme: Theme = {
  colours: {
    background: '#ffffff',
    grid: '#edeff2',
    muted: '#646d7a',
    client: '#2b3440',
    server: '#2b3440',
    request: '#0a62b0',
    response: '#b24700',
    event: '#007a5e',
    frame: '#8c3b8a',
    empty: '#7d8590',
    connection: '#4d5866',
    selected: '#111418',
  },
  fontFamily,
}

export const darkTheme: Theme = {
  colours: {
    background: '#12161c',
    grid: '#222932',
    muted: '#98a2b0',
    client: '#d5dbe3',
    server: '#d5dbe3',
    request: '#74b6ff',
    response: '#ffa45c',
    event: '#52d1ab',
    frame: '#e69ae2',
    empty: '#828d9b',
    connection: '#b4bdc9',
    selected: '#ffffff',
  },
  fontFamily,
}

/**
 * The theme that the page gives `element`: CSS custom properties `--lab-<colour>` (`--lab-request`, …), and the
 * element's own font. What the page says nothing of is taken from the light or the dark theme, as the visitor prefers.
 * To be read anew when the page's scheme changes, not for each frame: it asks for computed styles.
 */
export function readTheme(element: Element): Theme {
  const style = getComputedStyle(element)
  const fallback = matchMedia('(prefers-color-scheme: dark)').matches ? darkTheme : lightTheme
  const read = (colour: Colour) =>
    style.getPropertyValue(`--lab-${colour}`).trim() || fallback.colours[colour]
  return {
    colours: Object.fromEntries(colours.map((colour) => [colour, read(colour)])) as Record<Colour, string>,
    fontFamily: style.fontFamily || fontFamily,
  }
}
