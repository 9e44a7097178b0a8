/**
 * HTML that is safe by its construction: what is put into a template is escaped, unless it is HTML of this kind itself.
 * There is no way to put a string in unescaped, for mail is written by attackers.
 */
export class Html {
  readonly #text: string

  /** Only for text that stands in our own source. */
  private constructor(text: string) {
    this.#text = text
  }

  static of(strings: TemplateStringsArray, values: readonly Value[]): Html {
    const pieces = values.flatMap((value, index) => [escaped(value), strings[index + 1] ?? ''])
    return new Html((strings[0] ?? '') + pieces.join(''))
  }

  toString(): string {
    return this.#text
  }
}

/** null, undefined and false are nothing; lists are put one after the other. */
export type Value = string | number | bigint | Html | null | undefined | false | readonly Value[]

/** Attributes are always written with double quotes: `<a href="${url}">`. */
export const html = (strings: TemplateStringsArray, ...values: readonly Value[]): Html => Html.of(strings, values)

function escaped(value: Value): string {
  if (value === null || value === undefined || value === false) return ''
  if (value instanceof Html) return value.toString()
  if (typeof value === 'object') return value.map(escaped).join('')
  return String(value)
    .replace(TURNING, '')
    .replace(/[&<>"']/g, (found) => ESCAPES[found] ?? found)
}

/** They turn the direction of writing (UAX #9) of what stands beside, too: a name could turn round the address after it. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
