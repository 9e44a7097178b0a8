/** A header field as rules look at it: name in lower case, value unfolded, without white space around it. */
export interface HeaderField {
  readonly name: string
  readonly value: string
}

/** What is longer says nothing that a rule looks for. */
const VALUE_MAX_CHARACTERS = 1000

/** From whole lines as they were sent (folded or not), one character an octet. */
export function ruleFields(lines: readonly { readonly key: string; readonly line: string }[]): HeaderField[] {
  return lines.map(({ key, line }) => ({
    name: key.toLowerCase().replaceAll('\0', ''),
    value: line
      .slice(line.indexOf(':') + 1, line.indexOf(':') + 1 + VALUE_MAX_CHARACTERS)
      .replace(/[\s\0]+/g, ' ')
      .trim(),
  }))
}

/** Of the first field of that name; null: there is none. */
export function fieldValue(fields: readonly HeaderField[], name: string): string | null {
  return fields.find((field) => field.name === name)?.value ?? null
}

/**
 * The envelope sender as the last server noted it (RFC 5321 section 4.4), without its angle brackets: empty for the
 * empty one. Null: none was noted, or something that is no address.
 */
export function returnPath(fields: readonly HeaderField[]): string | null {
  const value = fieldValue(fields, 'return-path')
  if (value === null) return null
  const [, bracketed] = /^<\s*([^<>\s]*)\s*>/.exec(value) ?? []
  if (bracketed !== undefined) return bracketed
  return /^[^\s<>@]+@[^\s<>@]+$/.test(value) ? value : null
}

/** In the order in which they count. */
const LANGUAGE_FIELDS = ['content-language', 'accept-language']

/**
 * What the writer reads: Content-Language (RFC 3282), else the first of Accept-Language; Outlook writes both. An ISO 639
 * code in lower case, or null.
 */
export function languageOf(fields: readonly HeaderField[]): string | null {
  for (const name of LANGUAGE_FIELDS) {
    const [, code] = /^([a-z]{2,3})(?![a-z0-9])/i.exec(fieldValue(fields, name) ?? '') ?? []
    if (code !== undefined) return code.toLowerCase()
  }
  return null
}
