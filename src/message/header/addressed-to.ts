import type { Address } from '../parsed-message.ts'
import type { HeaderField } from './rule-fields.ts'

/** Where mail servers note the envelope's recipient. */
const ENVELOPE_FIELDS: ReadonlySet<string> = new Set(['delivered-to', 'x-original-to', 'envelope-to', 'x-envelope-to'])

const LIMIT = 100

/** Whom a mail was sent to, as far as its header tells: the envelope's recipients, To and Cc. Each once. */
export function addressedTo(mail: {
  readonly header: readonly HeaderField[]
  readonly to: readonly Address[]
  readonly cc: readonly Address[]
}): string[] {
  const noted = mail.header.filter(({ name }) => ENVELOPE_FIELDS.has(name)).flatMap(({ value }) => words(value))
  const named = [...mail.to, ...mail.cc].map(({ address }) => address)
  return [...new Set([...noted.slice(0, LIMIT), ...named])].slice(0, LIMIT)
}

const words = (value: string): string[] => value.split(/[\s<>,;]+/).filter((word) => word.includes('@'))
