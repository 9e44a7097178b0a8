/** How the work goes, in six figures; each leads to what it counts. */
import type { MailboxStanding } from '../../../store/browse/mailboxes.ts'
import type { Figures, Latency } from '../../../store/figures.ts'
import { type Html, html, type Value } from '../../html.ts'
import type { QueueDepth } from '../../metrics.ts'
import { duration } from '../parts.ts'

export interface Standing {
  readonly figures: Figures
  readonly latency: Latency
  readonly standings: readonly MailboxStanding[]
  /** null: there is none here. A depth of null: it does not answer. */
  readonly queue: { readonly depth: readonly QueueDepth[] | null } | null
}

interface Tile {
  readonly name: string
  readonly figure: Value
  readonly more?: Value
  readonly href?: string
  readonly tone?: 'warn' | 'bad' | false
}

export function figureList({ figures, latency, standings, queue }: Standing): Html {
  const sum = (of: (standing: MailboxStanding) => number) => standings.reduce((all, each) => all + of(each), 0)
  const backlog = sum((each) => each.backlog)
  const today = sum(({ byHour }) =>
    byHour.reduce((all, sheet) => all + Object.values(sheet).reduce((a, b) => a + b), 0),
  )
  const tiles: Tile[] = [
    { name: 'Last 24 hours', figure: today, more: timesOf(latency), href: '/messages' },
    {
      name: 'On servers, to fetch',
      figure: backlog,
      more: figures.held > 0 && `${figures.held} held there`,
      href: '#mailboxes',
    },
    {
      name: 'Waiting for work',
      figure: figures.waiting,
      more: oldest(figures.waiting, figures.oldestWaitingSeconds),
      href: '/messages?state=received',
    },
    {
      name: 'Need a person',
      figure: figures.quarantined,
      more: oldest(figures.quarantined, figures.oldestQuarantinedSeconds),
      href: '/quarantine',
      tone: figures.quarantined > 0 && 'warn',
    },
    {
      name: 'Not sent',
      figure: figures.outboxFailed,
      more: html`${figures.outboxWaiting} to be sent`,
      href: figures.outboxFailed > 0 ? '/outbox?state=failed' : '/outbox',
      tone: figures.outboxFailed > 0 && 'warn',
    },
    ...(queue === null ? [] : [queueTile(queue.depth)]),
  ]
  return html`<ul class="figures plain">${tiles.map(tileOf)}</ul>`
}

function tileOf({ name, figure, more, href, tone }: Tile): Html {
  const inside = html`<span class="name">${name}</span> <span class="figure">${figure}</span> <small>${more}</small>`
  return html`<li class="${tone || ''}" data-key="${name}">${href === undefined ? html`<div>${inside}</div>` : html`<a href="${href}">${inside}</a>`}</li>`
}

const oldest = (count: number, seconds: number): string | false => count > 0 && `oldest ${duration(seconds)}`

const timesOf = ({ median, p95 }: Latency): string | false =>
  median !== null && p95 !== null && `ticket after ${duration(median)}, 95% ${duration(p95)}`

function queueTile(depth: readonly QueueDepth[] | null): Tile {
  if (depth === null) return { name: 'Queue', figure: 'away', more: 'mail is kept, and not worked', tone: 'bad' }
  const jobs = depth.reduce((sum, { state, jobs: count }) => (state === 'failed' ? sum : sum + count), 0)
  return { name: 'Jobs in the queue', figure: jobs, more: 'it answers' }
}
