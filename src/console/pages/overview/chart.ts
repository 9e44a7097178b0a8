/** The last 24 hours of a mailbox as bars, an hour each, drawn here: what became of what came in. */
import type { Sheet } from '../../../store/browse/mailboxes.ts'
import { type Html, html } from '../../html.ts'

const HEIGHT = 28
const BAR = 6
const STEP = 7

/** From the ground up. */
const STATES = ['ticketed', 'suppressed', 'received', 'quarantined'] as const
const NAMES = {
  ticketed: 'ticketed',
  suppressed: 'no ticket',
  received: 'waiting',
  quarantined: 'for a person',
} as const

export function chart(hours: readonly Sheet[]): Html {
  const totals = hours.map(sumOf)
  const most = Math.max(0, ...totals)
  const all = totals.reduce((sum, count) => sum + count, 0)
  const parts = STATES.map((state) => [state, hours.reduce((sum, sheet) => sum + sheet[state], 0)] as const)
  const told = parts.filter(([, count]) => count > 0)
  const width = hours.length * STEP - (STEP - BAR)
  const label = `${all} in the last 24 hours, at most ${most} in an hour`
  return html`<svg class="chart" viewBox="0 0 ${width} ${HEIGHT}" width="${width}" height="${HEIGHT}" role="img" aria-label="${label}"><title>${label}</title><path class="ground" d="M0 ${HEIGHT - 0.5}h${width}"></path>${STATES.map((state) => bars(state, hours, most))}</svg>
            <small>${all === 0 ? 'nothing came' : told.map(([state, count], index) => html`${index > 0 && ', '}<span class="key ${state}">${count} ${NAMES[state]}</span>`)}</small>`
}

const sumOf = (sheet: Sheet): number => STATES.reduce((sum, state) => sum + sheet[state], 0)

/** All bars of a state are one path: a page has hundreds of mailboxes. */
function bars(state: (typeof STATES)[number], hours: readonly Sheet[], most: number): Html | false {
  const below = STATES.slice(0, STATES.indexOf(state))
  const scale = (count: number) => Math.round((count / most) * (HEIGHT - 1) * 10) / 10
  const path = hours.map((sheet, index) => {
    if (sheet[state] === 0) return ''
    const ground = below.reduce((sum, each) => sum + sheet[each], 0)
    const top = scale(ground + sheet[state])
    const height = Math.max(1, Math.round((top - scale(ground)) * 10) / 10)
    return `M${index * STEP} ${Math.round((HEIGHT - 1 - top) * 10) / 10}h${BAR}v${height}h-${BAR}z`
  })
  const drawn = path.join('')
  return drawn !== '' && html`<path class="${state}" d="${drawn}"></path>`
}
