import { connect, type Tidings } from '@tidings/client'
import { useChannel } from '@tidings/react'
import { Activity, createElement, type ReactNode, StrictMode, Suspense, startTransition, use } from 'react'
import { flushSync } from 'react-dom'
import { createRoot, hydrateRoot, type Root } from 'react-dom/client'

/** What a test asks the page for, by `tab.evaluate`. */
export interface Wish {
  /** One component for each, under its place: the same place is the same component. */
  readonly names: readonly string[]
  /** By a channel that the page holds, instead of a name. */
  readonly isHeld?: boolean
  readonly isHidden?: boolean
  /** In one turn, all components go and then come. */
  readonly isAnew?: boolean
  /** In a transition, with a sibling that never gets ready. */
  readonly isNeverReady?: boolean
}

export interface Rendering {
  readonly name: string
  readonly messages: readonly unknown[]
  readonly state: string
}

const never = new Promise<string>(() => {})
const publishers = new Map<string, Set<unknown>>()
const renderings: Rendering[] = []
const troubles: string[] = []
let tidings: Tidings
let root: Root
const held = new Map<string, ReturnType<typeof tidings.channel>>()

function View({ name, isHeld }: { name: string; isHeld: boolean }): ReactNode {
  if (isHeld && !held.has(name)) held.set(name, tidings.channel(name, { offset: '-1' }))
  const view = isHeld ? useHeld(name) : useChannel(tidings, name, { offset: '-1' })
  const { messages, state, publish } = view
  renderings.push({ name, messages, state })
  publishers.set(name, (publishers.get(name) ?? new Set()).add(publish))
  return createElement(
    'p',
    { 'data-state': state, title: name, onClick: () => publish('mine') },
    messages.join(),
  )
}

function useHeld(name: string) {
  return useChannel(held.get(name) as ReturnType<typeof tidings.channel>)
}

function Never(): ReactNode {
  return use(never)
}

function tree({ names, isHeld = false, isHidden = false, isNeverReady = false }: Wish): ReactNode {
  const views = names.map((name, place) => createElement(View, { key: place, name, isHeld }))
  const shown = createElement(Activity, { mode: isHidden ? 'hidden' : 'visible', children: views })
  const all = createElement(Suspense, null, shown, isNeverReady && createElement(Never))
  return createElement(StrictMode, null, all)
}

export const page = {
  open(server: string, wish?: Wish): void {
    tidings = connect(server, { ways: 'websocket' })
    const onRecoverableError = (error: unknown) => troubles.push(String(error))
    const place = document.querySelector('main') as HTMLElement
    if (wish) root = hydrateRoot(place, tree(wish), { onRecoverableError })
    else root = createRoot(place, { onRecoverableError })
  },
  show(wish: Wish): void {
    if (wish.isAnew) {
      flushSync(() => root.render(tree({ names: [] })))
      flushSync(() => root.render(tree(wish)))
    } else if (wish.isNeverReady) startTransition(() => root.render(tree(wish)))
    else root.render(tree(wish))
  },
  renderings: () => renderings,
  troubles: () => troubles,
  publishers: (name: string) => publishers.get(name)?.size,
  /** The server's rendering is the same tree. */
  tree,
  use: (other: Tidings) => {
    tidings = other
  },
}

Object.assign(globalThis, { page })
