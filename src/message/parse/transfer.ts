/** Undoes a Content-Transfer-Encoding while the octets pass by, as far as it can be undone. */
export interface TransferDecoder {
  write(octets: Buffer): Buffer
  end(): Buffer
  /** What was wrong so far. */
  readonly fault: 'base64-broken' | 'quoted-printable-broken' | null
}

/** RFC 2045 section 6: anything else is taken as identity. */
export function transferDecoder(encoding: string): TransferDecoder {
  if (encoding === 'base64') return new Base64Decoder()
  if (encoding === 'quoted-printable') return new QuotedPrintableDecoder()
  return IDENTITY
}

const NOTHING = Buffer.alloc(0)

const IDENTITY: TransferDecoder = { write: (octets) => octets, end: () => NOTHING, fault: null }

/** Of an encoded word: whatever is no digit is passed over. */
export function decodeBase64(text: string): Buffer {
  const decoder = new Base64Decoder()
  const octets = decoder.write(Buffer.from(text, 'latin1'))
  const rest = decoder.end()
  return rest.length === 0 ? octets : Buffer.concat([octets, rest])
}

/** RFC 2047 section 4.2. */
export function decodeQ(text: string): Buffer {
  const plain = text
    .replaceAll('_', ' ')
    .replace(/=([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
  return Buffer.from(plain, 'latin1')
}

/**
 * Line noise is passed over, and base64 that was padded in the midst (chunks encoded one by one) goes on behind its
 * padding.
 */
class Base64Decoder implements TransferDecoder {
  fault: TransferDecoder['fault'] = null
  #digits = ''
  #isPadded = false

  write(octets: Buffer): Buffer {
    const text = octets.toString('latin1')
    const isClean = /^[A-Za-z0-9+/\r\n]*$/.test(text)
    const digits = isClean ? text.replace(/[\r\n]+/g, '') : this.#cleaned(text)
    if (digits.includes('=')) return this.#padded(digits)
    return this.#decode(digits)
  }

  end(): Buffer {
    const rest = this.#digits
    this.#digits = ''
    if (rest.length === 1) this.fault = 'base64-broken'
    return Buffer.from(rest, 'base64')
  }

  #cleaned(text: string): string {
    const digits = text.replace(/[^A-Za-z0-9+/=]+/g, '')
    if (/[^A-Za-z0-9+/=\s]/.test(text)) this.fault = 'base64-broken'
    return digits
  }

  #padded(digits: string): Buffer {
    const groups = digits.split(/=+/)
    const last = groups.pop() ?? ''
    const all: Buffer[] = []
    for (const group of groups) {
      all.push(this.#decode(group), this.end())
      this.#isPadded = true
    }
    all.push(this.#decode(last))
    return Buffer.concat(all)
  }

  #decode(digits: string): Buffer {
    if (digits === '') return NOTHING
    if (this.#isPadded) this.fault = 'base64-broken'
    this.#isPadded = false
    const all = this.#digits + digits
    const whole = all.length - (all.length % 4)
    this.#digits = all.slice(whole)
    return Buffer.from(all.slice(0, whole), 'base64')
  }
}

const EQUALS = 0x3d
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const TAB = 0x09

/** White space that ends a line is not part of it (RFC 2045 section 6.7, rule 3); what is no code stays as it is. */
class QuotedPrintableDecoder implements TransferDecoder {
  fault: TransferDecoder['fault'] = null
  #held: Buffer = NOTHING

  write(octets: Buffer): Buffer {
    const all = this.#held.length === 0 ? octets : Buffer.concat([this.#held, octets])
    const end = all.length - heldLength(all)
    this.#held = Buffer.from(all.subarray(end))
    return this.#decode(all.subarray(0, end))
  }

  end(): Buffer {
    const rest = this.#held
    this.#held = NOTHING
    return this.#decode(rest)
  }

  #decode(octets: Buffer): Buffer {
    const out = Buffer.allocUnsafe(octets.length)
    let length = 0
    /** Where white space began that may end the line. */
    let kept = 0
    for (let at = 0; at < octets.length; at++) {
      const octet = octets[at] ?? 0
      if (octet === LF) {
        const hasCr = length > kept && out[length - 1] === CR
        length = trimmed(out, hasCr ? length - 1 : length, kept)
        if (hasCr) out[length++] = CR
        out[length++] = LF
        kept = length
      } else if (octet !== EQUALS) out[length++] = octet
      else {
        const value = hexOctet(octets, at)
        if (value >= 0) {
          out[length++] = value
          kept = length
          at += 2
        } else {
          const next = afterSoftBreak(octets, at + 1)
          if (next > 0) {
            at = next - 1
            kept = length
          } else {
            this.fault = 'quoted-printable-broken'
            out[length++] = EQUALS
          }
        }
      }
    }
    return out.subarray(0, length)
  }
}

/** Longer runs of white space are passed on as they are. */
const HELD_MAX_OCTETS = 1000

/** How many octets at the end can only be understood together with the next ones. */
function heldLength(octets: Buffer): number {
  const from = Math.max(0, octets.length - HELD_MAX_OCTETS)
  let at = octets.length
  if (at > from && octets[at - 1] === CR) at--
  while (at > from && (octets[at - 1] === SPACE || octets[at - 1] === TAB)) at--
  if (at === from) return octets.length - at < HELD_MAX_OCTETS ? octets.length - at : 0
  if (octets[at - 1] === EQUALS) return octets.length - at + 1
  if (octets[at - 2] === EQUALS && at === octets.length) return 2
  return octets.length - at
}

function trimmed(out: Buffer, end: number, from: number): number {
  let at = end
  while (at > from && (out[at - 1] === SPACE || out[at - 1] === TAB)) at--
  return at
}

const digit = (octet: number | undefined): number => {
  if (octet === undefined) return -1
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30
  const lower = octet | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

function hexOctet(octets: Buffer, at: number): number {
  const high = digit(octets[at + 1])
  const low = digit(octets[at + 2])
  return high < 0 || low < 0 ? -1 : high * 16 + low
}

/** Where the text goes on behind a soft line break; 0: it is none. A lone `=` at the very end is one, too. */
function afterSoftBreak(octets: Buffer, from: number): number {
  let at = from
  while (at - from < HELD_MAX_OCTETS && (octets[at] === SPACE || octets[at] === TAB)) at++
  if (octets[at] === CR && octets[at + 1] === LF) return at + 2
  if (octets[at] === LF) return at + 1
  return at >= octets.length ? at : 0
}
