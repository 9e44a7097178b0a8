/**
 * One text for one JSON value, whoever writes it: RFC 8785, but for numbers, which keep the digits that PostgreSQL's
 * jsonb has (JavaScript would round those that do not fit a double).
 */

type Json = null | boolean | number | string | Digits | readonly Json[] | { readonly [key: string]: Json }

/** A number as it was written. */
class Digits {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** Of a value. */
export function canonical(value: unknown): string {
  return write(value as Json)
}

/** Of a JSON text as jsonb writes it: without exponents. */
export function canonicalOf(text: string): string {
  return text === '{}' ? text : write(parse(text))
}

/** JavaScript may write these in another way, or cannot hold them; in a string they only cost time. */
const PERHAPS_INEXACT = /\d{16}|\d\.\d/

function parse(text: string): Json {
  return PERHAPS_INEXACT.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)
}

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' && context?.source !== undefined ? new Digits(context.source) : value
}

function write(value: Json): string {
  if (typeof value === 'string') return quoted(value)
  if (value instanceof Digits) return value.text
  if (Array.isArray(value)) return `[${value.map(write).join()}]`
  if (typeof value !== 'object' || value === null) return String(value)
  return members(value as { readonly [key: string]: Json })
}

/** In the order of UTF-16 code units (RFC 8785 section 3.2.3), which is that of `sort`. */
function members(value: { readonly [key: string]: Json }): string {
  let text = ''
  for (const key of Object.keys(value).sort()) {
    text += `${text === '' ? '' : ','}${quoted(key)}:${write(value[key] ?? null)}`
  }
  return `{${text}}`
}

const PLAIN = /^[ !#-[\]-~]*$/

/** Most have nothing to escape, and JSON.stringify is slow at finding that out. */
const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text))
