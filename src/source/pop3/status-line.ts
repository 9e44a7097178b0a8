/** The first line of every reply (RFC 1939 section 3), or the continuation of a SASL exchange (RFC 5034 section 4). */
export interface StatusLine {
  readonly kind: 'ok' | 'err' | 'continue'
  /** The response code of RFC 2449 section 8 in upper case, without its brackets: `SYS/TEMP`. */
  readonly responseCode: string | null
  readonly text: string
}

/** null where the line is none of POP3. Exchange answers AUTH with a bare `+`, others with `+ `. */
export function parseStatusLine(line: string): StatusLine | null {
  if (line === '+' || line.startsWith('+ ')) return { kind: 'continue', responseCode: null, text: line.slice(2) }
  const [, indicator, rest = ''] = INDICATED.exec(line) ?? []
  if (indicator === undefined) return null
  const kind = indicator === '+OK' ? 'ok' : 'err'
  const [prefix = '', responseCode] = RESPONSE_CODE.exec(rest) ?? []
  return { kind, responseCode: responseCode?.toUpperCase() ?? null, text: rest.slice(prefix.length) }
}

const INDICATED = /^(\+OK|-ERR)(?:[ \t]+(.*)|)$/s
/** A code may have parameters behind it: `[LOGIN-DELAY 30]`. */
const RESPONSE_CODE = /^\[([^\]\s]{1,64})[^\]]{0,64}\] ?/
