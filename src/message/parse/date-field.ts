/**
 * The value of a Date field (RFC 5322 section 3.3, obsolete forms of section 4.3 included) in ISO 8601 and UTC, or null
 * where it cannot be read. A date without a zone is taken as UTC, never as the time zone of this machine.
 */
export function dateField(value: string): string | null {
  const text = value.replace(/\([^()]*\)/g, ' ').slice(0, MAX_DATE_CHARS)
  return fromRfc5322(text) ?? fromAsctime(text) ?? fromIso8601(text)
}

/** Far more than any real date: the patterns below look at no more. */
const MAX_DATE_CHARS = 200

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const RFC_5322 =
  /(\d{1,2})[\s-]{1,5}([a-z]{3})[a-z]{0,6}[\s-]{1,5}(\d{2,4})\s{1,5}(\d{1,2}):(\d{2})(?::(\d{2}))?\s{0,5}([+-]\d{4}|[a-z]{1,5})?/i
const ASCTIME =
  /([a-z]{3})\s{1,5}(\d{1,2})\s{1,5}(\d{1,2}):(\d{2}):(\d{2})\s{1,5}(?:([a-z]{1,5}|[+-]\d{4})\s{1,5})?(\d{4})/i
const ISO_8601 = /(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.\d{1,9})?\s?(Z|[+-]\d{2}:?\d{2})?/

function fromRfc5322(text: string): string | null {
  const [, day, month, year, hour, minute, second, zone] = RFC_5322.exec(text) ?? []
  return instant({ day, month, year, hour, minute, second, zone })
}

function fromAsctime(text: string): string | null {
  const [, month, day, hour, minute, second, zone, year] = ASCTIME.exec(text) ?? []
  return instant({ day, month, year, hour, minute, second, zone })
}

function fromIso8601(text: string): string | null {
  const [, date, time, zone = 'Z'] = ISO_8601.exec(text) ?? []
  const milliseconds = Date.parse(`${date}T${time}Z`) - offsetMinutes(zone.replace(':', '')) * 60_000
  return isoOf(milliseconds)
}

type Field = 'day' | 'month' | 'year' | 'hour' | 'minute' | 'second' | 'zone'

function instant(read: { readonly [field in Field]: string | undefined }): string | null {
  const month = MONTHS.indexOf(read.month?.toLowerCase() ?? '')
  const [day, hour, minute, second] = [read.day, read.hour, read.minute, read.second ?? '0'].map(Number)
  if (month < 0 || read.year === undefined || day === undefined || hour === undefined || minute === undefined)
    return null
  if (day < 1 || day > 31 || hour > 24 || minute > 59 || (second ?? 0) > 60) return null
  return isoOf(Date.UTC(fullYear(read.year), month, day, hour, minute - offsetMinutes(read.zone ?? 'Z'), second))
}

/** Years of four digits: beyond them ISO 8601 needs an agreement, and databases refuse. Date.UTC means 1900 by 0. */
function isoOf(milliseconds: number): string | null {
  if (Number.isNaN(milliseconds)) return null
  const date = new Date(milliseconds)
  const year = date.getUTCFullYear()
  return year >= 1 && year <= 9999 ? date.toISOString() : null
}

/** RFC 5322 section 4.3: two digits below 50 are of this century, three and the others are counted from 1900. */
function fullYear(digits: string): number {
  const year = Number(digits)
  // Date.UTC takes 0 to 99 for 1900 to 1999.
  if (digits.length === 4) return year < 100 ? Number.NaN : year
  return digits.length === 2 && year < 50 ? 2000 + year : 1900 + year
}

/** RFC 5322 section 4.3: the zones of North America; any other name is treated as -0000. */
const ZONE_HOURS = new Map([
  ['edt', -4],
  ['est', -5],
  ['cdt', -5],
  ['cst', -6],
  ['mdt', -6],
  ['mst', -7],
  ['pdt', -7],
  ['pst', -8],
])

function offsetMinutes(zone: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d)(\d\d)$/.exec(zone) ?? []
  if (sign === undefined) return (ZONE_HOURS.get(zone.toLowerCase()) ?? 0) * 60
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}
