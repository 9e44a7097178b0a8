/** The whole way of a message, from its first listing on a server: each step with its code and what decided it. */
import type { WholeMessage } from '../../../store/browse/message.ts'
import { type Html, html } from '../../html.ts'
import { duration } from '../parts.ts'
import { reason, reasonWords } from '../reasons.ts'
import { isMessageId } from './find.ts'
import { JUDGED_AGAIN, STEPS, type Words } from './steps.ts'

interface Step extends Words {
  readonly at: Date
  readonly code: string | null
  readonly detail: Readonly<Record<string, unknown>>
}

export function timeline(message: WholeMessage): Html {
  const steps = [...onTheServer(message), ...inOurHands(message)].toSorted((one, other) => +one.at - +other.at)
  const items = steps.map((step, index) => {
    const before = steps[index - 1]
    return item(step, before === undefined ? null : (step.at.getTime() - before.at.getTime()) / 1000)
  })
  return html`<ol class="timeline">${items}</ol>`
}

function onTheServer({ remote }: WholeMessage): Step[] {
  return remote.flatMap(({ uniqueId, firstSeenAt, deleteAskedAt, goneAt }) => {
    const step = (at: Date | null, text: string): Step[] =>
      at === null ? [] : [{ at, text, code: null, detail: { uniqueId } }]
    return [
      ...step(firstSeenAt, 'A server listed it for the first time'),
      ...step(deleteAskedAt, 'The server took our wish to remove it; it forgets at the end of the session'),
      ...step(goneAt, 'A later list no longer had it: it is gone there'),
    ]
  })
}

function inOurHands(message: WholeMessage): Step[] {
  return message.events.map(({ at, code, detail }) => ({
    at,
    code,
    ...wordsOf(code, isRecord(detail) ? detail : {}),
    detail: isRecord(detail) ? withoutItself(detail, message) : {},
  }))
}

/** An operator who let it through has said what for; who had it judged again has not. */
function wordsOf(code: string, detail: Readonly<Record<string, unknown>>): Words {
  const isJudgedAgain = code === 'operator/reprocess' && 'heldFor' in detail
  return isJudgedAgain ? JUDGED_AGAIN : (STEPS[code] ?? { text: reasonWords(code) ?? code })
}

/** The box above has the digest and the unique-id; told again is only what differs. */
const withoutItself = (detail: Readonly<Record<string, unknown>>, { sha256, uniqueId }: WholeMessage) =>
  Object.fromEntries(
    Object.entries(detail).filter(
      ([name, value]) => !(name === 'sha256' && value === sha256) && !(name === 'uniqueId' && value === uniqueId),
    ),
  )

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** With the seconds since the step before. */
function item({ at, text, tone, code, detail }: Step, since: number | null): Html {
  const facts = Object.entries(detail).map(
    ([name, value]) => html`<dt>${NAMES[name] ?? name}</dt><dd>${fact(name, value)}</dd>`,
  )
  return html`<li class="${tone}">
          <time datetime="${at.toISOString()}">${at.toISOString().replace('T', ' ').replace('Z', ' UTC')}</time>${since !== null && html` <small>+ ${duration(since)}</small>`}
          <p><strong>${text}</strong>${code !== null && html` <code class="quiet-text">${code}</code>`}</p>
          ${facts.length > 0 && html`<dl>${facts}</dl>`}
        </li>`
}

const NAMES: Readonly<Record<string, string>> = {
  uniqueId: 'unique-id',
  sha256: 'SHA-256',
  isNew: 'new ticket',
  heldFor: 'held for',
  actor: 'by',
  note: 'note',
  rules: 'rules',
  duplicateOf: 'copy of',
  messageIdRepeated: 'Message-ID came before',
}

/** Reasons that stand in details of events, with their words. */
const REASON_NAMES: ReadonlySet<string> = new Set(['reason', 'heldFor', 'trustReason', 'kindReason', 'acknowledgement'])

function fact(name: string, value: unknown): Html {
  if (name === 'ticket' && typeof value === 'number') return html`<a href="/tickets/${value}">#${value}</a>`
  if (typeof value === 'boolean') return html`${value ? 'yes' : 'no'}`
  if (typeof value !== 'string') return html`<code>${JSON.stringify(value)}</code>`
  if (REASON_NAMES.has(name)) return html`${reason(value)}<br><small>${reasonWords(value)}</small>`
  if (isMessageId(value)) return html`<a href="/messages/${value}"><code>${value}</code></a>`
  return name === 'note' ? html`${value}` : html`<code>${value}</code>`
}
