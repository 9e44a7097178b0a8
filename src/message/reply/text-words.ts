import type { Line } from './lines.ts'
import type { HtmlQuotation } from './quoted-html.ts'
import { solid } from './solid.ts'

/** The letters and digits of a text, line by line: by them places in the HTML beside it are found again. */
export class TextWords {
  readonly #lines: readonly Line[]
  #solid: readonly string[] | null = null

  constructor(lines: readonly Line[]) {
    this.#lines = lines
  }

  /** The line that the quotation begins with; null where text and HTML differ too much. */
  lineOf({ before, beginning }: HtmlQuotation): number | null {
    const all = this.before(this.#lines.length)
    if (all.startsWith(before)) return this.#lineAt(before.length)
    const at = beginning.length < FINDABLE_CHARS ? -1 : all.indexOf(beginning)
    return at <= 0 || all.includes(beginning, at + 1) ? null : this.#lineAt(at)
  }

  /** `end`, or the line above, where what ends there reads as this signature. */
  aboveEnding(end: number, signature: string | null | undefined): number {
    if (!signature || signature.length > SIGNATURE_CHARS) return end
    const own = this.before(end)
    if (own.length <= signature.length || !own.endsWith(signature)) return end
    return this.#lineAt(own.length - signature.length) ?? end
  }

  before(end: number): string {
    return this.#words.slice(0, end).join('')
  }

  get #words(): readonly string[] {
    this.#solid ??= this.#lines.map(({ text }) => solid(text))
    return this.#solid
  }

  /** The line below which so many letters and digits stand above; null within a line. */
  #lineAt(chars: number): number | null {
    let above = 0
    for (const [index, words] of this.#words.entries()) {
      if (above === chars && words !== '') return index
      above += words.length
      if (above > chars) return null
    }
    return this.#lines.length
  }
}

const FINDABLE_CHARS = 16
const SIGNATURE_CHARS = 600
