/** Changes the text of an `.env` file. What is not asked for stays as it is, comments, order and line ends included. */
import { envLines } from './env-lines.ts'

/** Appended below a comment. A line of that name that is there, set to nothing, goes. Values as `quoteEnv` takes them. */
export function withSettings(text: string, heading: string, settings: Readonly<Record<string, string>>): string {
  const end = text.includes('\r\n') ? '\r\n' : '\n'
  const kept = dropNames(text, Object.keys(settings))
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${quoteEnv(value) ?? ''}`)
  const before = kept === '' ? '' : `${kept.endsWith('\n') ? kept : kept + end}${end}`
  return `${before}${[`# ${heading}`, ...lines].join(end)}${end}`
}

/** Also the comment that `withSettings` put above them, and the empty line before it. */
export function withoutSettings(text: string, heading: string, names: readonly string[]): string {
  const lines = envLines(text)
  const said = (index: number) => lines[index]?.text.trim()
  const isOurs = (index: number) => names.includes(lines[index]?.name ?? '')
  const isHeading = (index: number) => said(index) === `# ${heading}` && isOurs(index + 1)
  const isGap = (index: number) => said(index) === '' && isHeading(index + 1)
  return lines
    .filter((_, index) => !isOurs(index) && !isHeading(index) && !isGap(index))
    .map((line) => line.text)
    .join('')
}

function dropNames(text: string, names: readonly string[]): string {
  const isKept = (name: string | null) => name === null || !names.includes(name)
  return envLines(text)
    .filter(({ name }) => isKept(name))
    .map((line) => line.text)
    .join('')
}

/**
 * As Node's parser reads it back: it knows no escapes but \n between double quotes. null: it cannot be written, or
 * would lose the spaces around it, which no setting keeps.
 */
export function quoteEnv(value: string): string | null {
  if (value !== value.trim() || /[\r\n]/.test(value)) return null
  if (/^[\w@%:/.,+=?&*~-]+$/.test(value)) return value
  // Single quotes first: Docker Compose, too, takes what is between them as it is.
  const quote = ["'", '`', '"'].find((mark) => !value.includes(mark) && (mark !== '"' || !value.includes('\\n')))
  if (quote !== undefined) return `${quote}${value}${quote}`
  return /^["'`]|#/.test(value) ? null : value
}
