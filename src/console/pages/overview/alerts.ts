/** What needs somebody, with what to do; and, folded, what is over. */
import type { AlertRow } from '../../../store/alerts.ts'
import type { MailboxStanding } from '../../../store/browse/mailboxes.ts'
import { ALERTS, type AlertCode } from '../../../upkeep/alerts.ts'
import { type Html, html } from '../../html.ts'
import { duration, instant, withCode } from '../parts.ts'
import { reason } from '../reasons.ts'

type Told = Pick<AlertRow, 'code' | 'subject' | 'detail' | 'endedAt'> & { readonly beganAt: Date | null }

const SHOWN = 5

export function alertList(rows: readonly AlertRow[], standings: readonly MailboxStanding[], now: Date): Html {
  const noted: readonly Told[] = rows.filter(({ endedAt }) => endedAt === null)
  const over = rows.filter(({ endedAt }) => endedAt !== null)
  const known = new Set(noted.map(keyOf))
  const lasting = [...noted, ...pausedNow(standings).filter((each) => !known.has(keyOf(each)))]
  const sorted = lasting.toSorted((one, other) => Number(isMild(one)) - Number(isMild(other)))
  const more = sorted.slice(SHOWN)
  return html`<section class="alerts" aria-label="Alerts">
          ${lasting.length === 0 && html`<p class="calm">Nothing needs you.</p>`}
          <ul class="plain">${sorted.slice(0, SHOWN).map((each) => item(each, now))}</ul>
          ${more.length > 0 && html`<details data-key="more"><summary>${more.length} more</summary><ul class="plain">${more.map((each) => item(each, now))}</ul></details>`}
          ${over.length > 0 && html`<details data-key="over"><summary>Over lately: ${over.length}</summary><ul class="plain over">${over.map((each) => overItem(each, now))}</ul></details>`}
        </section>`
}

const keyOf = ({ code, subject }: Pick<Told, 'code' | 'subject'>): string => `${code} ${subject}`

/** Workers look once a minute; a mailbox that is paused is known at once. */
function pausedNow(standings: readonly MailboxStanding[]): Told[] {
  return standings.flatMap(({ name, pausedReason }) =>
    pausedReason === null || pausedReason === 'operator'
      ? []
      : [{ code: 'mailbox/paused', subject: name, detail: { reason: pausedReason }, beganAt: null, endedAt: null }],
  )
}

/** There is time; of the others something stands still. */
const MILD: ReadonlySet<string> = new Set<AlertCode>([
  'credentials/end-soon',
  'messages/quarantined',
  'messages/looping',
  'outbox/failing',
])

const isMild = ({ code }: Told): boolean => MILD.has(code)

function item(alert: Told, now: Date): Html {
  const { code, subject, beganAt } = alert
  const [mailbox = ''] = subject.split(' ')
  const hint = ALERTS[code as AlertCode]?.hint ?? 'see docs/operate.md'
  return html`<li class="alert ${isMild(alert) ? 'warn' : 'bad'}" data-key="${keyOf(alert)}">
              <p><strong>${headline(alert)}</strong> <small>${details(alert)}${beganAt !== null && html`${Object.keys(alert.detail).length > 0 && ', '}since ${instant(beganAt, now)}`}</small></p>
              <p class="todo">What to do: ${withCode(hint.replaceAll('NAME', mailbox))}.</p>
            </li>`
}

function overItem(alert: AlertRow, now: Date): Html {
  const { beganAt, endedAt } = alert
  const seconds = ((endedAt ?? now).getTime() - beganAt.getTime()) / 1000
  return html`<li data-key="${keyOf(alert)}">${headline(alert)} <small>for ${duration(seconds)}, over since ${instant(endedAt, now)}</small></li>`
}

function headline({ code, subject }: Told): Html {
  const says = ALERTS[code as AlertCode]?.says ?? code
  const [mailbox = '', credential] = subject.split(' ')
  if (mailbox === '') return html`${says}`
  return html`${mailbox} ${says}${credential !== undefined && ` (${credential})`}`
}

function details({ detail }: Told): Html[] {
  return Object.entries(detail).map(([name, value], index) => {
    const told = name === 'reason' ? reason(String(value)) : (DETAILS[name]?.(Number(value)) ?? `${name} ${value}`)
    return html`${index > 0 && ', '}${told}`
  })
}

const DETAILS: Readonly<Record<string, (count: number) => string>> = {
  minutes: (count) => duration(count * 60),
  daysLeft: (count) => `${count} days left`,
  messages: (count) => `${count} messages`,
  polls: (count) => `${count} polls`,
  failed: (count) => `${count} failed`,
  waiting: (count) => `${count} waiting`,
}
