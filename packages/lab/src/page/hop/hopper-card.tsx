import { isWay, ways } from '@tidings/protocol'
import { ChoiceGroup } from '../controls/choice-group.js'
import { Switch } from '../controls/switch.js'
import { formatCount } from '../format.js'
import { useLab } from '../state/lab.js'
import { shortTitle, wayTitle } from '../ways.js'
import { SequenceFigures } from './sequence-figures.js'

const choices = ways.map((way) => ({
  value: way,
  title: shortTitle[way],
  hint: `Go on over ${wayTitle[way]}`,
}))

export function HopperCard() {
  const { session, snapshot, announcement } = useLab()
  const { hopper } = snapshot.value
  const hop = (way: string) => {
    if (!isWay(way)) return
    session.hopTo(way)
    announcement.value = `The reader goes on over ${wayTitle[way]}.`
  }
  return (
    <article class="card reader" data-reader="hopper" aria-labelledby="hopper-title">
      <header>
        <h3 id="hopper-title">A reader with an offset</h3>
        <span class="state">{hopper.doing}</span>
      </header>
      <SequenceFigures sequence={hopper} />
      <p class="reader-facts">
        <span>{formatCount(hopper.heard)} heard</span>
        <span>{formatCount(hopper.hops)} hops</span>
        <span>
          goes on at <code>{hopper.offset}</code>
        </span>
      </p>
      <div class="hop-controls">
        <ChoiceGroup legend="Hears over" choices={choices} value={hopper.way} onChange={hop} />
        <Switch
          label="Hop at random"
          isOn={hopper.isHoppingAtRandom}
          onChange={(isOn) => session.hopAtRandom(isOn)}
        />
      </div>
    </article>
  )
}
