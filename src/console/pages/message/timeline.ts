/** The whole way of a message, from its first listing on a server: each step with its code and what decided it. */
import type { WholeMessage } from '../../../store/browse/message.ts'
import { type Html, html } from '../../html.ts'
import { STEPS, type Words } from './steps.ts'

interface Step extends Words {
  readonly at: Date
  readonly code: string | null
  readonly detail: Readonly<Record<string, unknown>>
}

export function timeline(message: WholeMessage): Html {
  const steps = [...onTheServer(message), ...inOurHands(message)].toSorted((one, other) => +one.at - +other.at)
  return html`<ol class="timeline">${steps.map(item)}</ol>`
}

function onTheServer({ remote }: WholeMessage): Step[] {
  return remote.flatMap(({ uniqueId, firstSeenAt, deleteAskedAt, goneAt }) => {
    const step = (at: Date | null, text: string): Step[] =>
      at === null ? [] : [{ at, text, code: null, detail: { uniqueId } }]
    return [
      ...step(firstSeenAt, 'A server listed it for the first time'),
      ...step(deleteAskedAt, 'The server took our DELE; it forgets at QUIT'),
      ...step(goneAt, 'A later list no longer had it: it is gone there'),
    ]
  })
}

function inOurHands({ events }: WholeMessage): Step[] {
  return events.map(({ at, code, detail }) => ({
    at,
    code,
    ...(STEPS[code] ?? { text: code }),
    detail: isRecord(detail) ? detail : {},
  }))
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function item({ at, text, tone, code, detail }: Step): Html {
  const facts = Object.entries(detail).map(
    ([name, value]) =>
      html`<br><small>${name}: <code>${typeof value === 'string' ? value : JSON.stringify(value)}</code></small>`,
  )
  return html`<li class="${tone}">
          <time datetime="${at.toISOString()}">${at.toISOString().replace('T', ' ').replace('Z', ' UTC')}</time><br>
          <strong>${text}</strong>${code !== null && html` <code class="quiet-text">${code}</code>`}${facts}
        </li>`
}
