/** The lines of an `.env` file as Node's parser takes them: a quoted value may go on over several. */
export interface EnvLine {
  /** With its line end. */
  readonly text: string
  /** Where it begins, from 1. */
  readonly number: number
  /** null: a comment, an empty line, or nothing that is understood. */
  readonly name: string | null
  readonly isMalformed: boolean
}

export function envLines(text: string): EnvLine[] {
  const physical = text.match(/[^\n]*\n|[^\n]+$/g) ?? []
  const lines: EnvLine[] = []
  for (let index = 0; index < physical.length; ) {
    const { name, quote, isMalformed } = read(physical[index] ?? '')
    const end = quote === null ? index : physical.findIndex((line, at) => at > index && line.includes(quote))
    const next = end === -1 ? physical.length : end + 1
    const whole = physical.slice(index, next).join('')
    lines.push({ text: whole, number: index + 1, name, isMalformed: isMalformed || end === -1 })
    index = next
  }
  return lines
}

/** `quote`: the quotation mark that this line opens and does not close. */
function read(line: string): { name: string | null; quote: string | null; isMalformed: boolean } {
  if (/^\s*(#|$)/.test(line)) return { name: null, quote: null, isMalformed: false }
  const [, name, value = ''] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*([^\n]*?)\r?\n?$/.exec(line) ?? []
  if (name === undefined) return { name: null, quote: null, isMalformed: true }
  const isOpen = /^["'`]/.test(value) && !value.slice(1).includes(value.charAt(0))
  return { name, quote: isOpen ? value.charAt(0) : null, isMalformed: false }
}
