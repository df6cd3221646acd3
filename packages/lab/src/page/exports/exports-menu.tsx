import { ways } from '@tidings/protocol'
import { useEffect, useRef } from 'preact/hooks'
import { useLab } from '../state/lab.js'
import { wayTitle } from '../ways.js'
import { saveCsv, saveJson, savePng, saveSvg, saveTranscript } from './save.js'

/** What is on the page, as files. */
export function ExportsMenu() {
  const lab = useLab()
  const menu = useRef<HTMLDetailsElement>(null)
  useClosing(menu)
  return (
    <details class="menu" ref={menu}>
      <summary class="button">Export</summary>
      <div class="menu-items">
        {ways.map((way) => (
          <div key={way} class="menu-row">
            <span>{wayTitle[way]}</span>
            <button type="button" class="button" onClick={() => saveSvg(lab, way)}>
              SVG<span class="off-screen"> of the diagram of {wayTitle[way]}</span>
            </button>
            <button type="button" class="button" onClick={() => void savePng(lab, way)}>
              PNG<span class="off-screen"> of the diagram of {wayTitle[way]}</span>
            </button>
          </div>
        ))}
        <div class="menu-row">
          <span>Measurements</span>
          <button type="button" class="button" onClick={() => saveCsv(lab)}>
            CSV<span class="off-screen"> of the measurements</span>
          </button>
          <button type="button" class="button" onClick={() => saveJson(lab)}>
            JSON<span class="off-screen"> of the measurements</span>
          </button>
        </div>
        <div class="menu-row">
          <span>Transcript of all four</span>
          <button type="button" class="button" onClick={() => saveTranscript(lab)}>
            Text<span class="off-screen"> of the transcript</span>
          </button>
        </div>
      </div>
    </details>
  )
}

/** A click beside an open menu closes it, and so does Escape. */
function useClosing(menu: { readonly current: HTMLDetailsElement | null }): void {
  useEffect(() => {
    const lifetime = new AbortController()
    const { signal } = lifetime
    const close = () => menu.current?.removeAttribute('open')
    document.addEventListener(
      'pointerdown',
      ({ target }) => {
        if (target instanceof Node && !menu.current?.contains(target)) close()
      },
      { signal },
    )
    menu.current?.addEventListener(
      'keydown',
      ({ key }) => {
        if (key !== 'Escape') return
        close()
        menu.current?.querySelector('summary')?.focus()
      },
      { signal },
    )
    return () => lifetime.abort()
  }, [menu])
}
