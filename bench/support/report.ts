import { table } from '../../src/commands/terminal.ts'
import type { Stage } from '../tasks/stages.ts'
import { type Measured, median, type Row } from './row.ts'

/** A row with its outcome, as `--json` prints it. */
export interface Finished extends Pick<Row, 'group' | 'what' | 'unit' | 'goal' | 'aim' | 'comparedWith'> {
  /** null: not measured, see `note`. */
  readonly figure: number | null
  readonly figures: readonly number[]
  /** The figure of the row it is compared with, divided by this one. */
  readonly ratio: number | null
  readonly met: boolean | null
  readonly note: string
}

export function finish(results: ReadonlyMap<Row, readonly Measured[]>): Finished[] {
  const medians = new Map(results.entries().map(([row, measured]) => [row.what, median(succeeded(measured))]))
  return [...results].map(([{ measure: _, missing, ...row }, measured]) => {
    const figures = succeeded(measured)
    const figure = figures.length === 0 ? null : median(figures)
    const other = medians.get(row.comparedWith ?? '')
    return {
      ...row,
      figure,
      figures,
      ratio: other === undefined || Number.isNaN(other) || figure === null ? null : other / figure,
      met: figure === null || row.goal === undefined ? null : isMet(figure, row.goal),
      note: missing ?? measured.at(-1)?.note ?? '',
    }
  })
}

const succeeded = (measured: readonly Measured[]) =>
  measured.map(({ figure }) => figure).filter((figure) => !Number.isNaN(figure))

function isMet(figure: number, goal: NonNullable<Row['goal']>): boolean {
  return 'atLeast' in goal ? figure >= goal.atLeast : figure <= goal.atMost
}

export function tableText(rows: readonly Finished[]): string {
  const headings = ['what', 'figure', 'unit', 'all runs', 'goal', '', 'ours to theirs', 'last run']
  return table(
    headings,
    rows.map((row) => [
      row.what,
      row.figure === null ? '-' : shown(row.figure),
      row.unit,
      row.figures.map(shown).join(' '),
      goalText(row),
      row.met === null ? '' : row.met ? 'met' : 'NOT MET',
      row.ratio === null ? '' : `${row.ratio.toFixed(2)} x`,
      row.note,
    ]),
  )
}

const shown = (figure: number) => (figure >= 100 ? String(Math.round(figure)) : figure.toFixed(2))

function goalText({ goal, aim }: Finished): string {
  if (goal === undefined) return ''
  const text = 'atLeast' in goal ? `>= ${goal.atLeast}` : `<= ${goal.atMost}`
  return aim === undefined ? text : `${text}, aim ${aim}`
}

/** What Node 24 calls its main thread, and so its process. */
const NODE = 'MainThread'

/** Milliseconds for 1,000 mails. */
export function stagesText(stages: readonly Stage[], mails: number): string {
  const programs = [...new Set(stages.flatMap(({ cpuMs }) => Object.keys(cpuMs)))]
  const of1000 = (ms: number) => Math.round((ms * 1000) / mails)
  const headings = [
    'each step by itself, ms for 1,000 mails',
    'wall',
    ...programs.map((program) => `CPU of ${program === NODE ? 'ours' : program}`),
  ]
  return table(
    headings,
    stages.map(({ what, wallMs, cpuMs }) => [
      what,
      of1000(wallMs),
      ...programs.map((name) => of1000(cpuMs[name] ?? 0)),
    ]),
  )
}
