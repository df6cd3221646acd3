import { useEffect, useState } from 'preact/hooks'
import { copyText } from '../state/copy.js'
import { useLab } from '../state/lab.js'

const shownMs = 1_500

/** @param text asked for when it is wanted: a transcript is long */
export function CopyButton({ text, of }: { readonly text: () => string; readonly of: string }) {
  const { announcement } = useLab()
  const [result, setResult] = useState<'copied' | 'failed' | undefined>(undefined)
  useEffect(() => {
    if (result === undefined) return
    const timer = setTimeout(() => setResult(undefined), shownMs)
    return () => clearTimeout(timer)
  }, [result])
  const copy = async () => {
    const isCopied = await copyText(text())
    setResult(isCopied ? 'copied' : 'failed')
    announcement.value = isCopied ? `Copied ${of}.` : `Could not copy ${of}.`
  }
  return (
    <button type="button" class="button copy" onClick={() => void copy()}>
      {result === 'copied' ? '✓ Copied' : result === 'failed' ? 'Not copied' : 'Copy'}
      <span class="off-screen"> {of}</span>
    </button>
  )
}
