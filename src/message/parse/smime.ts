export type CmsKind = 'signed' | 'enveloped' | 'other'

export interface Cms {
  readonly kind: CmsKind
  /** What is signed, where it stands within (RFC 5652 section 5.2). */
  readonly content: Buffer | null
}

const SEQUENCE = 0x30
const OBJECT_IDENTIFIER = 0x06
const OCTET_STRING = 0x04
const CONSTRUCTED_OCTET_STRING = 0x24
const CONTEXT_0 = 0xa0
/** 1.2.840.113549.1.7, of which the last number tells what it is; and 1.2.840.113549.1.9.16.1.23. */
const PKCS_7 = Buffer.from('2a864886f70d0107', 'hex')
const AUTH_ENVELOPED = Buffer.from('2a864886f70d010910010117', 'hex')
const KINDS = new Map<number, CmsKind>([
  [2, 'signed'],
  [3, 'enveloped'],
  [6, 'enveloped'],
])

/**
 * What a CMS structure (RFC 5652) is, and the content that a signature encloses. DER and BER; it goes straight down to
 * the content and looks at nothing else: no signature is verified.
 */
export function cmsContent(octets: Buffer): Cms {
  const info = child(octets, element(octets, 0), SEQUENCE)
  const type = info[0]
  if (type === undefined || type.tag !== OBJECT_IDENTIFIER) return { kind: 'other', content: null }
  const id = octets.subarray(type.start, type.end)
  if (id.equals(AUTH_ENVELOPED)) return { kind: 'enveloped', content: null }
  const kind = id.subarray(0, PKCS_7.length).equals(PKCS_7) ? (KINDS.get(id.at(-1) ?? 0) ?? 'other') : 'other'
  return { kind, content: kind === 'signed' ? enclosed(octets, info[1]) : null }
}

interface Element {
  readonly tag: number
  readonly start: number
  /** Of an indefinite length: the end of what it stands in. */
  readonly end: number
  readonly isIndefinite: boolean
}

/** A few children are all that is looked at, but for the pieces of the content. */
const MAX_CHILDREN = 5
const MAX_PIECES = 100_000

function enclosed(octets: Buffer, explicit: Element | undefined): Buffer | null {
  const [signed] = child(octets, explicit ?? null, CONTEXT_0)
  const [, , encapsulated] = child(octets, signed ?? null, SEQUENCE)
  const [, wrapped] = child(octets, encapsulated ?? null, SEQUENCE)
  const [content] = child(octets, wrapped ?? null, CONTEXT_0, 1)
  if (content === undefined) return null
  if (content.tag === OCTET_STRING) return octets.subarray(content.start, content.end)
  if (content.tag !== CONSTRUCTED_OCTET_STRING) return null
  const pieces = children(octets, content, MAX_PIECES).filter(({ tag }) => tag === OCTET_STRING)
  return Buffer.concat(pieces.map(({ start, end }) => octets.subarray(start, end)))
}

const child = (octets: Buffer, parent: Element | null, tag: number, max = MAX_CHILDREN): Element[] =>
  parent === null || parent.tag !== tag ? [] : children(octets, parent, max)

/** An element of indefinite length is the last one, for where it ends is not looked for. */
function children(octets: Buffer, { start, end }: Element, max: number): Element[] {
  const found: Element[] = []
  for (let at = start; at < end && found.length < max; ) {
    const next = element(octets, at, end)
    // An end of contents has neither tag nor length.
    if (next === null || next.tag === 0) break
    found.push(next)
    if (next.isIndefinite) break
    at = next.end
  }
  return found
}

function element(octets: Buffer, at: number, limit = octets.length): Element | null {
  if (at + 2 > limit) return null
  const tag = octets[at] ?? 0
  const first = octets[at + 1] ?? 0
  if (first < 0x80) return within(tag, at + 2, first, limit)
  if (first === 0x80) return { tag, start: at + 2, end: limit, isIndefinite: true }
  const lengthOctets = first & 0x7f
  if (lengthOctets > 6 || at + 2 + lengthOctets > limit) return null
  return within(tag, at + 2 + lengthOctets, octets.readUIntBE(at + 2, lengthOctets), limit)
}

const within = (tag: number, start: number, length: number, limit: number): Element => ({
  tag,
  start,
  end: Math.min(start + length, limit),
  isIndefinite: false,
})
