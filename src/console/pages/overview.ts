/** How things stand, at one glance: what needs somebody, and each mailbox. */
import type { FastifyInstance } from 'fastify'
import type { MailboxConfig } from '../../config.ts'
import type { MailboxStanding } from '../../store/browse/mailboxes.ts'
import type { Figures } from '../../store/figures.ts'
import type { Session } from '../access/session.ts'
import { type Html, html } from '../html.ts'
import type { ConsoleDeps } from '../server.ts'
import { doneNotice } from './actions/done.ts'
import { mailboxActions } from './actions/forms.ts'
import { page } from './layout.ts'
import { instant, tag } from './parts.ts'
import { reason } from './reasons.ts'

export function addOverview(server: FastifyInstance, { store, mailboxes, now }: ConsoleDeps): void {
  server.get('/', async (request, reply) => {
    const [figures, standings] = await Promise.all([store.figures(), store.browse.mailboxes()])
    const body = html`<h1>Overview</h1>
      ${doneNotice(request.query)}
      <div data-live>
        ${alerts(standings, figures, now())}
        ${figureList(figures)}
        <h2>Mailboxes</h2>
        <div class="cards">${standings.map((standing) => card(request.session, standing, mailboxes, now()))}</div>
      </div>`
    return reply.type('text/html').send(page({ title: 'Overview', section: '/', session: request.session, body }))
  })
}

const STANDS_STILL_MINUTES = 15

/** What somebody should look at, worst first. */
function alerts(standings: readonly MailboxStanding[], figures: Figures, now: Date): Html[] {
  const isLate = ({ lastGoodPollAt, state }: MailboxStanding) =>
    state === 'active' &&
    lastGoodPollAt !== null &&
    now.getTime() - lastGoodPollAt.getTime() > STANDS_STILL_MINUTES * 60_000
  return [
    ...standings
      .filter(({ pausedReason }) => pausedReason !== null && pausedReason !== 'operator')
      .map(({ name, pausedReason }) => alert('bad', html`${name} is paused: <code>${pausedReason}</code>`)),
    ...standings
      .filter(isLate)
      .map(({ name, lastGoodPollAt }) =>
        alert('bad', html`${name} had its last good poll ${instant(lastGoodPollAt, now)}`),
      ),
    ...(figures.quarantined > 0
      ? [alert('warn', html`<a href="/quarantine">${figures.quarantined} messages</a> need a person`)]
      : []),
    ...(figures.outboxFailed > 0
      ? [alert('warn', html`<a href="/outbox?state=failed">${figures.outboxFailed} mails</a> could not be sent`)]
      : []),
  ]
}

const alert = (tone: string, text: Html): Html => html`<p class="alert ${tone}">${text}</p>`

function figureList(figures: Figures): Html {
  const shown = [
    ['Waiting for work', figures.waiting],
    ['Need a person', figures.quarantined],
    ['Held on the server', figures.held],
    ['Mail to be sent', figures.outboxWaiting],
    ['Mail not sent', figures.outboxFailed],
  ] as const
  return html`<dl class="figures">${shown.map(([name, count]) => html`<div><dt>${name}</dt><dd>${count}</dd></div>`)}</dl>`
}

function card(
  session: Session | null,
  standing: MailboxStanding,
  mailboxes: readonly MailboxConfig[],
  now: Date,
): Html {
  const { name, url, state, pausedReason, lastGoodPollAt, lastErrorCode, backlog, backlogSince, held } = standing
  const isSet = mailboxes.some((mailbox) => mailbox.name === name)
  return html`<section class="card">
          <h3>${name} ${tag(state)}</h3>
          <p class="quiet-text mono">${url}</p>
          ${chart(standing.storedByHour)}
          <dl class="about">
            <dt>Last good poll</dt><dd>${instant(lastGoodPollAt, now)}</dd>
            <dt>On the server</dt><dd>${backlog} to fetch${backlog > 0 && html`, since ${instant(backlogSince, now)}`}${held > 0 && html`, ${held} held`}</dd>
            <dt>Waiting</dt><dd>${standing.waiting}${standing.waiting > 0 && html`, the oldest ${instant(standing.oldestWaitingAt, now)}`}</dd>
            <dt>Last 24 hours</dt><dd>${standing.ticketedToday} ticketed, ${standing.suppressedToday} suppressed, ${standing.quarantinedToday} quarantined</dd>
            ${pausedReason !== null && html`<dt>Paused for</dt><dd>${reason(pausedReason)}</dd>`}
            ${lastErrorCode !== null && html`<dt>Last poll</dt><dd>${reason(lastErrorCode)}</dd>`}
            ${!isSet && html`<dt>Settings</dt><dd>not set here</dd>`}
          </dl>
          ${mailboxActions(session, standing)}
        </section>`
}

const CHART_HEIGHT = 20

/** A bar an hour. */
function chart(counts: readonly number[]): Html {
  const most = Math.max(1, ...counts)
  const bar = (count: number, index: number) => {
    const height = Math.max(count === 0 ? 0.5 : 1.5, (count / most) * CHART_HEIGHT)
    return html`<rect x="${index * 10}" y="${CHART_HEIGHT - height}" width="8" height="${height}"></rect>`
  }
  const total = counts.reduce((sum, count) => sum + count, 0)
  return html`<svg class="chart" viewBox="0 0 240 ${CHART_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${total} messages in the last 24 hours, at most ${Math.max(0, ...counts)} in an hour">${counts.map(bar)}</svg>`
}
