import { useId } from 'preact/hooks'
import { choicesOf, type Preset, presets } from '../../workload/presets.js'
import { isPresetItself } from '../../workload/url-state.js'
import { type Lab, useLab } from '../state/lab.js'

/** A preset replaces everything but the readers that the visitor has asked for. */
export function choosePreset({ choices, announcement }: Lab, preset: Preset): void {
  const { readers } = choices.peek().workload
  const chosen = choicesOf(preset)
  choices.value = { ...chosen, workload: { ...chosen.workload, readers } }
  announcement.value = `${preset.title}: ${preset.description}`
}

export function PresetPicker() {
  const lab = useLab()
  const name = useId()
  const isItself = isPresetItself(lab.choices.value)
  return (
    <fieldset class="presets">
      <legend class="off-screen">Presets</legend>
      {presets.map((preset) => {
        const isChosen = lab.choices.value.preset === preset.preset
        return (
          <label key={preset.preset} class="preset" data-preset={preset.preset}>
            <input
              type="radio"
              name={name}
              checked={isChosen && isItself}
              onChange={() => choosePreset(lab, preset)}
              // One that was changed is chosen already: a click takes the changes back.
              onClick={() => isChosen && !isItself && choosePreset(lab, preset)}
            />
            <strong>
              {preset.title}
              {isChosen && !isItself && <em> changed</em>}
            </strong>
            <span>{preset.description}</span>
          </label>
        )
      })}
    </fieldset>
  )
}
