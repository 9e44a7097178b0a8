/** What lists have in common: a form above that narrows them, a page of rows, and the way to older ones. */
import { z } from 'zod'
import { MailchuteError } from '../../errors.ts'
import { storableText } from '../../message/storable-text.ts'
import { type Html, html } from '../html.ts'

export const PAGE_ROWS = 50

const TEXT_CHARS = 300

/** Of a form: what is left empty is not asked for. */
export const text = z
  .string()
  .trim()
  .max(TEXT_CHARS)
  .transform((value) => (value === '' ? undefined : storableText(value, TEXT_CHARS)))
  .optional()

export function readQuery<T>(shape: z.ZodType<T>, query: unknown): T {
  const parsed = shape.safeParse(query)
  if (parsed.success) return parsed.data
  const names = parsed.error.issues.map(({ path }) => path.join('.')).join(', ')
  throw new MailchuteError('console/request-invalid', `what is asked for is not understood: ${names}`)
}

/** Without what is undefined. */
export function present<T extends object>(fields: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}

/** `fields` as the form of a list has them; the names of values are those of the query. */
export function filterForm(path: string, fields: readonly Html[]): Html {
  return html`<form class="filter${fields.length > 5 && ' many'}" method="get" action="${path}" role="search">
        ${fields}
        <span class="go"><button>Search</button> <a class="button quiet" href="${path}">Clear</a></span>
      </form>`
}

/** `example` shows what it takes. */
export const searchField = (name: string, label: string, value: string | undefined, example = ''): Html =>
  html`<label>${label} <input type="search" name="${name}" value="${value}" placeholder="${example}"></label>`

export const dayField = (name: string, label: string, value: Date | undefined): Html =>
  html`<label>${label} <input type="date" name="${name}" value="${value?.toISOString().slice(0, 10)}"></label>`

export function choiceField(name: string, label: string, choices: readonly string[], chosen: string | undefined): Html {
  const option = (choice: string) =>
    choice === chosen
      ? html`<option value="${choice}" selected>${choice}</option>`
      : html`<option value="${choice}">${choice}</option>`
  return html`<label>${label} <select name="${name}"><option value="">all</option>${choices.map(option)}</select></label>`
}

/** The rows of a page, and the last of them if there are older ones: of one more than a page has. */
export function pageOf<Row>(found: readonly Row[]): { rows: readonly Row[]; last: Row | undefined } {
  const rows = found.slice(0, PAGE_ROWS)
  return { rows, last: found.length > PAGE_ROWS ? rows.at(-1) : undefined }
}

export function olderLink(path: string, query: unknown, before: string): Html {
  const parameters = new URLSearchParams(Object.entries(query ?? {}))
  parameters.set('before', before)
  return html`<p class="pages"><a class="button quiet" href="${path}?${parameters.toString()}" rel="next">Older</a></p>`
}
