/** What an operator can do to a message or a mailbox. Who may only read sees none of it. */
import type { MailboxStanding } from '../../../store/browse/mailboxes.ts'
import type { WholeMessage } from '../../../store/browse/message.ts'
import type { Session } from '../../access/session.ts'
import { type Html, html } from '../../html.ts'

export const mayAct = (session: Session | null): session is Session => session?.actor.role === 'operator'

export const csrfField = (session: Session): Html =>
  html`<input type="hidden" name="csrf" value="${session.csrfToken}">`

export const NOTE_CHARS = 500

export const noteField = html`<label class="note">Note <input type="text" name="note" maxlength="${NOTE_CHARS}" placeholder="why, for whoever reads it later"></label>`

export const AGAIN = html`<button name="action" value="reprocess">Work again</button>`
export const SUPPRESS = html`<button name="action" value="suppress" class="quiet">No ticket</button>`

export function messageActions(session: Session | null, { id, state }: WholeMessage): Html | false {
  if (!mayAct(session) || (state !== 'quarantined' && state !== 'suppressed')) return false
  return html`<form class="actions" method="post" action="/messages/${id}/act">
            ${csrfField(session)}
            ${noteField}
            ${AGAIN}
            ${state === 'quarantined' && SUPPRESS}
          </form>`
}

/** On the page of a ticket, where nothing is sent to its requester any more. */
export function contactAction(session: Session | null, number: number): Html | false {
  if (!mayAct(session)) return false
  return html`<form class="actions" method="post" action="/tickets/${number}/contact">
            ${csrfField(session)}
            <button class="quiet">Acknowledge again</button>
          </form>`
}

export function mailboxActions(session: Session | null, { name, state, pausedReason }: MailboxStanding): Html | false {
  if (!mayAct(session)) return false
  const button = (action: string, label: string) =>
    html`<button name="action" value="${action}" class="quiet" aria-label="${label}: ${name}">${label}</button>`
  return html`<form class="actions" method="post" action="/mailboxes/${name}/act">
            ${csrfField(session)}
            ${pausedReason !== 'operator' && button('poll', 'Poll now')}
            ${state === 'paused' ? button('resume', 'Resume') : button('pause', 'Pause')}
          </form>`
}
