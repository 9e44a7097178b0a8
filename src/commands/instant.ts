/** Instants that are given as options. */
import { MailchuteError } from '../errors.ts'

const DAY_MILLISECONDS = 86_400_000

/** Its beginning, where it is a day; null: none is given. */
export const instantOf = (option: string, text: string | undefined): Date | null => read(option, text, 0)

/** A day as a whole: `--to 2026-11-30` includes it. */
export const endOf = (option: string, text: string | undefined): Date | null => read(option, text, DAY_MILLISECONDS)

function read(option: string, text: string | undefined, dayLength: number): Date | null {
  if (text === undefined) return null
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text)
  const isInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(text)
  const instant = new Date(text)
  if ((!isDay && !isInstant) || Number.isNaN(instant.getTime()) || !isInCalendar(text.slice(0, 10))) {
    throw new MailchuteError('usage/invalid', `${option} takes a day (UTC) as 2026-11-30, or 2026-11-30T08:00:00Z`)
  }
  return isDay ? new Date(instant.getTime() + dayLength) : instant
}

/** `Date` takes 2026-02-30 for the 2nd of March. */
const isInCalendar = (day: string): boolean => new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)

/** Nothing at all is found in such a time, and an export of nothing would look like one of everything. */
export function assertInOrder(from: Date | null, to: Date | null, [first, last]: readonly [string, string]): void {
  if (from === null || to === null || from < to) return
  throw new MailchuteError('usage/invalid', `${first} is not before ${last}`, {
    hint: `name the earlier one as ${first}`,
  })
}
