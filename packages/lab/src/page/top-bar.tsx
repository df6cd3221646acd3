import { labPath } from '@tidings/protocol'
import { sayRate } from '../advice/words.js'
import { firstPreset, presetNamed, presets } from '../workload/presets.js'
import { isPresetItself } from '../workload/url-state.js'
import { DiagramControls } from './diagram-controls.js'
import { ExportsMenu } from './exports/exports-menu.js'
import { RunStatus } from './run-status.js'
import { useLab } from './state/lab.js'
import { choosePreset } from './workload/preset-picker.js'

export function TopBar() {
  return (
    <header class="top-bar">
      <h1>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M3 1v14M13 1v14M3 5l10 2M13 9 3 12" />
        </svg>
        The Lab
      </h1>
      <PresetSelect />
      <DiagramControls />
      <RunStatus />
      <nav aria-label="More">
        <ExportsMenu />
        <a class="button" href={labPath.check}>
          Network check
        </a>
      </nav>
    </header>
  )
}

function PresetSelect() {
  const lab = useLab()
  const { preset, workload } = lab.choices.value
  return (
    <label class="preset-select">
      <span class="off-screen">Workload</span>
      <select
        value={preset}
        onChange={({ currentTarget }) => choosePreset(lab, presetNamed(currentTarget.value) ?? firstPreset)}
      >
        {presets.map((each) => (
          <option key={each.preset} value={each.preset}>
            {each.title}
          </option>
        ))}
      </select>
      <span class="rate">
        {isPresetItself(lab.choices.value) ? '' : 'changed, '}
        {sayRate(workload.messagesPerSecond)}
      </span>
    </label>
  )
}
