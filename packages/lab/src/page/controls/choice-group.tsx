import { useId } from 'preact/hooks'

interface ChoiceGroupProps<Value extends string> {
  readonly legend: string
  readonly choices: readonly { readonly value: Value; readonly title: string; readonly hint?: string }[]
  readonly value: Value | undefined
  readonly onChange: (value: Value) => void
}

/** A few choices of which one holds, side by side: radio buttons that look like one piece. */
export function ChoiceGroup<Value extends string>({
  legend,
  choices,
  value,
  onChange,
}: ChoiceGroupProps<Value>) {
  const name = useId()
  return (
    <fieldset class="choice-group">
      <legend>{legend}</legend>
      <div class="choices">
        {choices.map((choice) => (
          <label key={choice.value} title={choice.hint}>
            <input
              type="radio"
              name={name}
              value={choice.value}
              checked={choice.value === value}
              onChange={() => onChange(choice.value)}
            />
            <span>{choice.title}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}
