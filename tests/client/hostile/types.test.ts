import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type Gap, type GapChoice, type ProblemError, type Way } from '@tidings/client'
import { expect, expectTypeOf, test } from 'vitest'

/** As the standard's own package declares it: libraries' validators are of this type. */
interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => Result<Output> | Promise<Result<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}
type Result<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly PropertyKey[] }[] }

declare const schema: StandardSchemaV1<{ at: string }, { at: Date }>

test('messages have the type that was said, or that the schema gives out', () => {
  const inspect = () => {
    const tidings = connect('http://localhost')
    expectTypeOf<Message<ReturnType<typeof tidings.channel>>>().toEqualTypeOf<unknown>()
    const typed = tidings.channel<{ id: number }>('cake')
    expectTypeOf<Message<typeof typed>>().toEqualTypeOf<{ id: number }>()
    const checked = tidings.channel('cake', { schema })
    expectTypeOf<Message<typeof checked>>().toEqualTypeOf<{ at: Date }>()
    const events = checked.events({ last: 3 })
    expectTypeOf<Message<typeof events>>().toEqualTypeOf<{
      readonly data: { at: Date }
      readonly offset: string
      readonly committedAt: Date | undefined
    }>()
    tidings.addEventListener('way', ({ detail }) => {
      expectTypeOf(detail.way).toEqualTypeOf<Way>()
      expectTypeOf(detail.previous).toEqualTypeOf<Way | undefined>()
    })
    tidings.addEventListener('state', ({ detail }) => {
      expectTypeOf(detail.error).toEqualTypeOf<ProblemError | undefined>()
    })
    checked.addEventListener('gap', ({ detail }) => {
      expectTypeOf(detail).toEqualTypeOf<Gap & { readonly choice: GapChoice }>()
    })
    // @ts-expect-error no such event
    tidings.addEventListener('ways', () => {})
    // @ts-expect-error no such way
    connect('http://localhost', { ways: 'pigeon' })
  }
  expect(inspect).toBeTypeOf('function')
})

type Message<Of> = Of extends AsyncIterable<infer Each> ? Each : never

test('no declaration says any', () => {
  const folder = join(import.meta.dirname, '../../../packages/client/dist')
  const declarations = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.d.ts'),
  )
  expect(declarations.length).toBeGreaterThan(20)
  for (const name of declarations) {
    const code = readFileSync(join(folder, name), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
    expect(code, name).not.toMatch(/\bany\b/)
  }
})
