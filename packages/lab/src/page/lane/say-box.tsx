import type { Way } from '@tidings/protocol'
import type { TargetedEvent } from 'preact'
import { useId, useRef, useState } from 'preact/hooks'
import { useLab } from '../state/lab.js'

const longestCharacters = 500

/** Publishes from the lane: all four hear it. */
export function SayBox({ way }: { readonly way: Way }) {
  const { session, snapshot } = useLab()
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [trouble, setTrouble] = useState<string | undefined>(undefined)
  const canSay = snapshot.value.isRunning[way]
  const say = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault()
    const box = input.current
    const text = box?.value.trim()
    if (!box || !text) return
    try {
      await session.say(way, text)
      box.value = ''
      setTrouble(undefined)
    } catch (error) {
      setTrouble(error instanceof Error ? error.message : 'It could not be sent.')
    }
  }
  return (
    <form class="say-box" onSubmit={(event) => void say(event)}>
      <label for={id} class="off-screen">
        Say something {way === 'websocket' ? 'on the socket' : 'by POST'}
      </label>
      <input
        id={id}
        ref={input}
        type="text"
        maxLength={longestCharacters}
        autocomplete="off"
        placeholder={way === 'websocket' ? 'Say it on the socket …' : 'Say it by POST …'}
        aria-invalid={trouble !== undefined}
        aria-describedby={trouble === undefined ? undefined : `${id}-trouble`}
      />
      <button type="submit" class="button" disabled={!canSay}>
        Send
      </button>
      {trouble && (
        <p class="trouble" id={`${id}-trouble`} role="alert">
          {trouble}
        </p>
      )}
    </form>
  )
}
