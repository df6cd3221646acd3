/** What a header says, in a sentence that has its value where it matters, and where that is written. */
export interface FieldMeaning {
  readonly say: (value: string) => string
  readonly source: string
}

export type FieldMeanings = Readonly<Record<string, FieldMeaning>>

export function field(source: string, say: string | ((value: string) => string)): FieldMeaning {
  return { source, say: typeof say === 'string' ? () => say : say }
}
