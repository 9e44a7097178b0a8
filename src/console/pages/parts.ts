/** Pieces that several pages show. */
import { type Html, html, type Value } from '../html.ts'

export interface Column {
  readonly name: string
  readonly className?: string
}

/** On a narrow screen each row becomes a list of its cells, with the names of their columns. */
export function table(caption: string, columns: readonly Column[], rows: readonly (readonly Value[])[]): Html {
  if (rows.length === 0) return html`<div class="table"><p class="empty">Nothing here.</p></div>`
  const cell = (value: Value, index: number) =>
    html`<td class="${columns[index]?.className}" data-name="${columns[index]?.name}"><div>${value}</div></td>`
  return html`<div class="table folds" role="region" aria-label="${caption}" tabindex="0">
        <table>
          <thead><tr>${columns.map(({ name, className }) => html`<th scope="col" class="${className}">${name}</th>`)}</tr></thead>
          <tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}</tbody>
        </table>
      </div>`
}

/** Good, needs a look, went wrong, or simply so: by the states that there are. */
const TONES: Readonly<Record<string, string>> = {
  ticketed: 'good',
  sent: 'good',
  active: 'good',
  open: 'good',
  verified: 'good',
  urgent: 'bad',
  high: 'warn',
  received: 'warn',
  waiting: 'warn',
  paused: 'warn',
  quarantined: 'bad',
  failed: 'bad',
}

/** Of a state, or any other word. */
export const tag = (word: string): Html =>
  html`<span class="tag ${Object.hasOwn(TONES, word) && TONES[word]}">${word}</span>`

export const instant = (at: Date | null, now: Date): Html =>
  at === null
    ? html`<span class="quiet-text">never</span>`
    : html`<time datetime="${at.toISOString()}">${ago(at, now)}</time>`

function ago(at: Date, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - at.getTime()) / 1000))
  if (seconds < 120) return `${seconds} s ago`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min ago`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86_400)} d ago`
}

/** What there is to tell of something; what is empty is left out. */
export function facts(rows: readonly (readonly [name: string, value: Value])[]): Html {
  const told = rows.filter(([, value]) => value !== null && value !== undefined && value !== false && value !== '')
  return html`<dl class="about">${told.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`
}

export function bytes(count: number): string {
  if (count < 1024) return `${count} B`
  const power = Math.min(Math.floor(Math.log2(count) / 10), 4)
  return `${(count / 1024 ** power).toFixed(1)} ${['KiB', 'MiB', 'GiB', 'TiB'][power - 1]}`
}

export const kindName = (kind: string | null): string | null => kind?.replaceAll('_', '-') ?? null
