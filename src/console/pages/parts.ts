/** Pieces that several pages show. */
import { type Html, html, type Value } from '../html.ts'

export interface Column {
  readonly name: string
  /** `main`: on a narrow screen it stands above the others, without its name. */
  readonly className?: string
}

export interface Row {
  /** Of its own in the table, and the same as long as it is the same thing: what is renewed keeps its place and focus. */
  readonly key: string
  readonly id?: string
  readonly cells: readonly Value[]
}

/** On a narrow screen each row becomes a list of its cells, with the names of their columns; empty ones are left out. */
export function table(caption: string, columns: readonly Column[], rows: readonly Row[], empty: Value): Html {
  if (rows.length === 0) return html`<div class="table" data-key="none"><p class="empty">${empty}</p></div>`
  const cell = (value: Value, index: number) =>
    html`<td class="${columns[index]?.className}${isNothing(value) && ' none'}" data-name="${columns[index]?.name}"><div>${value}</div></td>`
  return html`<div class="table folds" role="region" aria-label="${caption}" tabindex="0" data-key="rows">
        <table>
          <thead><tr>${columns.map(({ name, className }) => html`<th scope="col" class="${className}">${name}</th>`)}</tr></thead>
          <tbody>${rows.map(({ key, id, cells }) => html`<tr data-key="${key}"${id !== undefined && html` id="${id}"`}>${columns.map((_, index) => cell(cells[index], index))}</tr>`)}</tbody>
        </table>
      </div>`
}

const isNothing = (value: Value): boolean => value === null || value === undefined || value === false || value === ''

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

/** How long ago, or in how long; the instant itself is its title. */
export const instant = (at: Date | null, now: Date): Html =>
  at === null
    ? html`<span class="quiet-text">never</span>`
    : html`<time class="ago" datetime="${at.toISOString()}" title="${utc(at)}">${ago(at, now)}</time>`

export const utc = (at: Date): string =>
  at
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC')

/** assets/console.js does the same as time goes on. */
function ago(at: Date, now: Date): string {
  const seconds = (now.getTime() - at.getTime()) / 1000
  return seconds < -1 ? `in ${duration(-seconds)}` : `${duration(Math.max(0, seconds))} ago`
}

/** In one unit, as exact as anybody asks. */
export function duration(seconds: number): string {
  if (seconds < 10 && seconds % 1 !== 0) return `${Number(seconds.toFixed(1))} s`
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`
}

/** What there is to tell of something; what is empty is left out. */
export function facts(rows: readonly (readonly [name: string, value: Value])[]): Html {
  const told = rows.filter(([, value]) => !isNothing(value))
  return html`<dl class="about">${told.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`
}

export function bytes(count: number): string {
  if (count < 1024) return `${count} B`
  const power = Math.min(Math.floor(Math.log2(count) / 10), 4)
  return `${(count / 1024 ** power).toFixed(1)} ${['KiB', 'MiB', 'GiB', 'TiB'][power - 1]}`
}

export const kindName = (kind: string | null): string | null => kind?.replaceAll('_', '-') ?? null

/** A sentence of ours with what stands in backticks as code. */
export const withCode = (text: string): Html[] =>
  text.split('`').map((piece, index) => (index % 2 === 1 ? html`<code>${piece}</code>` : html`${piece}`))

/** An address breaks behind its @, where it must. */
export function addressOf(address: string | null): Html {
  const at = address?.lastIndexOf('@') ?? -1
  const text = address === null || address === '' ? 'unknown' : address
  return at === -1
    ? html`<bdi class="clip">${text}</bdi>`
    : html`<bdi class="clip">${text.slice(0, at + 1)}<wbr>${text.slice(at + 1)}</bdi>`
}
