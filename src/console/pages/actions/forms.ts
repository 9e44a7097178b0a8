/** What an operator can do to a message or a mailbox. Who may only read sees none of it. */
import { NOTE_CHARS } from '../../../store/act.ts'
import type { MailboxStanding } from '../../../store/browse/mailboxes.ts'
import type { WholeMessage } from '../../../store/browse/message.ts'
import type { ListedOutbox } from '../../../store/browse/outbox.ts'
import type { Session } from '../../access/session.ts'
import { type Html, html } from '../../html.ts'

export const mayAct = (session: Session | null): session is Session => session?.actor.role === 'operator'

export const csrfField = (session: Session): Html =>
  html`<input type="hidden" name="csrf" value="${session.csrfToken}">`

export const noteField = html`<label class="note">Note <input type="text" name="note" maxlength="${NOTE_CHARS}" placeholder="why, for whoever reads it later"></label>`

export const RELEASE = html`<button name="action" value="release" title="What it was held for counts as decided">Release</button>`
export const JUDGE = html`<button name="action" value="judge" class="quiet" title="By the rules of today, which may hold it again">Judge again</button>`
export const SUPPRESS = html`<button name="action" value="suppress" class="quiet">No ticket</button>`

/** What the three do, for whoever has not read the manual. */
export const ACTIONS_EXPLAINED = html`<strong>Release</strong> lets it through: what it was held for counts as decided. <strong>Judge again</strong> goes by the rules of today, which may hold it again. <strong>No ticket</strong> puts it aside.`

export function messageActions(session: Session | null, { id, state, rawMessage }: WholeMessage): Html | false {
  if (!mayAct(session) || rawMessage.purgedAt !== null || (state !== 'quarantined' && state !== 'suppressed'))
    return false
  return html`<form class="actions" method="post" action="/messages/${id}/act">
            ${csrfField(session)}
            ${noteField}
            ${RELEASE}
            ${JUDGE}
            ${state === 'quarantined' && SUPPRESS}
          </form>
          <p class="quiet-text"><small>${ACTIONS_EXPLAINED}</small></p>`
}

/** Who was written to once must not be a second time: only what a webhook was told can be sent again. */
export function outboxActions(session: Session | null, { id, target, state }: ListedOutbox): Html | false {
  if (!mayAct(session) || state === 'waiting' || !target.startsWith('webhook:')) return false
  return html`<form class="actions" method="post" action="/outbox/${id}/act">
            ${csrfField(session)}
            <button name="action" value="replay" class="quiet small" aria-label="Send again: ${id} to ${target}">Send again</button>
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
    html`<button name="action" value="${action}" class="quiet small" aria-label="${label}: ${name}">${label}</button>`
  return html`<form class="actions" method="post" action="/mailboxes/${name}/act">
            ${csrfField(session)}
            ${pausedReason !== 'operator' && button('poll', 'Poll now')}
            ${state === 'paused' ? button('resume', 'Resume') : button('pause', 'Pause')}
          </form>`
}
