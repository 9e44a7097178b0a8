/** Each mailbox in a row: those in trouble first. */
import type { MailboxStanding } from '../../../store/browse/mailboxes.ts'
import type { Session } from '../../access/session.ts'
import { type Html, html } from '../../html.ts'
import { mailboxActions, mayAct } from '../actions/forms.ts'
import { type Column, instant, table, tag } from '../parts.ts'
import { reason } from '../reasons.ts'
import { chart } from './chart.ts'

export function mailboxTable(
  session: Session | null,
  standings: readonly MailboxStanding[],
  isSetHere: ReadonlySet<string>,
  now: Date,
): Html {
  const columns = mayAct(session) ? [...COLUMNS, ACTIONS] : COLUMNS
  const sorted = standings.toSorted((one, other) => troubleOf(other) - troubleOf(one))
  const rows = sorted.map((standing) => ({
    key: standing.name,
    cells: [...cells(standing, isSetHere, now), mayAct(session) && mailboxActions(session, standing)],
  }))
  return table(
    'Mailboxes',
    columns,
    rows,
    html`No mailbox is known yet: <code>mailchute mailbox add</code> connects one.`,
  )
}

const COLUMNS: readonly Column[] = [
  { name: 'Mailbox', className: 'main' },
  { name: 'Last good poll' },
  { name: 'On its server' },
  { name: 'Waiting for work' },
  { name: 'Last 24 hours, by hour', className: 'charted' },
]
const ACTIONS: Column = { name: 'Actions', className: 'acts' }

const troubleOf = ({ pausedReason, failures }: MailboxStanding): number => {
  if (pausedReason !== null) return pausedReason === 'operator' ? 1 : 3
  return failures > 0 ? 2 : 0
}

function cells(standing: MailboxStanding, isSetHere: ReadonlySet<string>, now: Date) {
  const { name, url, backlog, backlogSince, held, waiting, oldestWaitingAt } = standing
  return [
    html`<strong class="name">${name}</strong> ${stateTag(standing)}${!isSetHere.has(name) && html` <span class="tag" title="Its messages are here; whether it is polled is another process’s affair">not set here</span>`}<br><small class="mono clip one" title="${url}">${url}</small>`,
    lastPoll(standing, now),
    html`${backlog === 0 ? html`<span class="quiet-text">nothing new</span>` : html`<strong>${backlog}</strong> to fetch<br><small>oldest ${instant(backlogSince, now)}</small>`}${held > 0 && html`<br><small class="warn-text">${held} held for a person</small>`}`,
    waiting === 0
      ? html`<span class="quiet-text">none</span>`
      : html`<strong>${waiting}</strong><br><small>oldest ${instant(oldestWaitingAt, now)}</small>`,
    chart(standing.byHour),
  ]
}

function stateTag({ state, pausedReason, failures }: MailboxStanding): Html {
  if (pausedReason !== null)
    return html`<span class="tag ${pausedReason === 'operator' ? 'warn' : 'bad'}">paused</span>`
  return failures > 0 ? html`<span class="tag bad">failing</span>` : tag(state)
}

function lastPoll({ lastGoodPollAt, lastErrorCode, pausedReason, failures, nextPollAt }: MailboxStanding, now: Date) {
  const why = pausedReason ?? lastErrorCode
  const isLater = nextPollAt !== null && nextPollAt > now && pausedReason !== 'operator'
  return html`${instant(lastGoodPollAt, now)}${why !== null && html`<br><small>${why === 'operator' ? 'paused by an operator' : reason(why)}</small>`}${failures > 0 && html`<br><small>failed ${failures} times${isLater && html`, again ${instant(nextPollAt, now)}`}</small>`}`
}
