/** What can be asked of a value, as a table. Regardless of case; linear in the value. */
import { domainToASCII } from 'node:url'
import { RE2JS } from 're2js'
import { comparableAddress, folded, type Value } from './values.ts'

/** What of the operand holds, as it was written; null: nothing. */
export type Test = (value: Value) => string | null

type Make = (written: string, isAddress: boolean) => (value: Value) => boolean

const equals: Make = (written, isAddress) => {
  const wanted = folded(isAddress ? comparableAddress(written) : written)
  return (value) => value.folded === wanted
}

const MAKE: Readonly<Record<string, Make>> = {
  equals,
  in: equals,
  contains: (written) => {
    const wanted = folded(written)
    return (value) => value.folded.includes(wanted)
  },
  'starts-with': (written) => {
    const wanted = folded(written)
    return (value) => value.folded.startsWith(wanted)
  },
  'ends-with': (written) => {
    const wanted = folded(written)
    return (value) => value.folded.endsWith(wanted)
  },
  domain: (written) => {
    const plain = written.replace(/^@/, '').toLowerCase()
    const wanted = domainToASCII(plain) || plain
    return (value) => {
      const domain = value.folded.slice(value.folded.lastIndexOf('@') + 1)
      return value.folded.includes('@') && (domain === wanted || domain.endsWith(`.${wanted}`))
    }
  },
  matches: (written) => {
    const pattern = RE2JS.compile(written, RE2JS.CASE_INSENSITIVE)
    return (value) => pattern.test(value.text)
  },
}

/** null: there is no such operator for single values. */
export function testOf(operator: string, operand: string | readonly string[], isAddress: boolean): Test | null {
  const make = MAKE[operator]
  if (make === undefined) return null
  const wanted = [operand].flat().map((written) => ({ written, holds: make(written, isAddress) }))
  return (value) => wanted.find(({ holds }) => holds(value))?.written ?? null
}
