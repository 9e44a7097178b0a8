/** What people see: tables, a progress line, colours on a terminal and none in a pipe. Results go to stdout. */
import Table from 'cli-table3'
import pc from 'picocolors'
import type { MailchuteError } from '../errors.ts'

/** Where nobody looks, no colours: picocolors alone would colour a pipe where CI is set. */
function coloursOf(stream: { isTTY?: boolean }): ReturnType<typeof pc.createColors> {
  return pc.createColors(pc.isColorSupported && (stream.isTTY === true || process.env['FORCE_COLOR'] !== undefined))
}

/** For standard output. */
export const colours = coloursOf(process.stdout)
const errorColours = coloursOf(process.stderr)

/** Control characters could drive the terminal, format characters turn a line around: mail is written by attackers. */
export function printable(text: string, width = Number.POSITIVE_INFINITY): string {
  const safe = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ').trim()
  const chars = [...safe]
  return chars.length <= width ? safe : `${chars.slice(0, width - 1).join('')}…`
}

export type Cell = string | number | null | undefined

const BARE = {
  chars: {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  },
  style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
}

/** A heading line and rows; numbers to the right. */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const isNumber = headings.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'))
  const out = new Table({
    ...BARE,
    head: headings.map((heading) => colours.bold(heading)),
    colAligns: isNumber.map((right) => (right ? 'right' : 'left')),
  })
  out.push(...rows.map((row) => row.map((cell) => (cell === null || cell === undefined ? '' : String(cell)))))
  return `${out.toString().replace(/[ \t]+$/gm, '')}\n`
}

export function print(text: string): void {
  process.stdout.write(text)
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

/** For people, beside the results. Never a log line: it may hold what a log must not (I9). */
export function printNote(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** One line that says what, its code, and what to do. */
export function printError(error: MailchuteError): void {
  const { code, message, hint } = error
  process.stderr.write(
    `${errorColours.red('error')} ${errorColours.bold(code)}: ${/[?!]$/.test(message) ? message : `${message.replace(/\.$/, '')}.`} ${hint ? `${errorColours.dim('Hint:')} ${hint}` : ''}\n`,
  )
}

/** A line that is written over, on a terminal only. */
export function progressLine(): { show(text: string): void; clear(): void } {
  if (!process.stderr.isTTY) return { show: () => undefined, clear: () => undefined }
  return {
    show: (text) => process.stderr.write(`\r\x1b[K${text}`),
    clear: () => process.stderr.write('\r\x1b[K'),
  }
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

export function bytes(count: number): string {
  if (count < 1024) return `${count} B`
  const units = ['KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(Math.floor(Math.log2(count) / 10), units.length)
  return `${(count / 1024 ** power).toFixed(1)} ${units[power - 1]}`
}

export function ago(at: Date | null, now: Date): string {
  if (at === null) return 'never'
  const seconds = Math.max(0, Math.round((now.getTime() - at.getTime()) / 1000))
  if (seconds < 120) return `${seconds} s ago`
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return `${minutes} min ago`
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h ago` : `${Math.round(minutes / 1440)} d ago`
}
