import { ChoiceGroup } from '../../page/controls/choice-group.js'

const choices = [
  { value: '10000', title: '10 s' },
  { value: '60000', title: '1 minute' },
  { value: '300000', title: '5 minutes' },
] as const

interface IdleChoiceProps {
  readonly idleMs: number
  readonly onChange: (idleMs: number) => void
}

/** How long connections are left idle. */
export function IdleChoice({ idleMs, onChange }: IdleChoiceProps) {
  return (
    <ChoiceGroup
      legend="Leave connections idle for"
      choices={choices}
      value={choices.find(({ value }) => value === String(idleMs))?.value}
      onChange={(value) => onChange(Number(value))}
    />
  )
}
