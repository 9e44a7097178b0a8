import type { OnFault } from './encoded-words.ts'
import type { HeaderLine } from './header-lines.ts'
import { type StructuredField, structuredField } from './parameters.ts'

/** What a part says of itself (RFC 2045, RFC 2183), mended where it says it badly. */
export interface PartHeader {
  /** In lower case: `type/subtype`. */
  readonly contentType: string
  readonly params: ReadonlyMap<string, string>
  readonly charset: string | null
  readonly boundary: Buffer | null
  /** Content-Transfer-Encoding in lower case; empty where there is none. */
  readonly encoding: string
  readonly disposition: 'attachment' | 'inline' | null
  /** As the sender wrote it. */
  readonly fileName: string | null
  /** Without angle brackets. */
  readonly contentId: string | null
  readonly description: string | null
}

export type PartFault = 'content-type-mended' | 'transfer-encoding-unknown'

/** A field of a part is short; a longer one is cut. */
const MAX_FIELD_CHARACTERS = 64 * 1024

export function partHeader(
  lines: readonly HeaderLine[],
  hints: readonly (string | null)[],
  onFault: (fault: PartFault | Parameters<OnFault>[0]) => void,
): PartHeader {
  const fields = new Map<string, string>()
  for (const { key, line } of lines) if (MIME_FIELDS.has(key) && !fields.has(key)) fields.set(key, unfolded(line))
  const type = structuredField(fields.get('content-type') ?? '', hints, onFault)
  const own = [type.params.get('charset') ?? null, ...hints]
  const disposition = structuredField(fields.get('content-disposition') ?? '', own, onFault)
  const fileName = nameOf(disposition, type)
  const boundary = type.params.get('boundary')?.trimEnd()
  return {
    contentType: contentTypeOf(type.value, fields.has('content-type'), onFault),
    params: type.params,
    charset: type.params.get('charset') ?? null,
    boundary: boundary ? Buffer.from(boundary, 'latin1') : null,
    encoding: encodingOf(fields.get('content-transfer-encoding') ?? '', onFault),
    disposition: dispositionOf(disposition),
    fileName,
    contentId: fields.get('content-id')?.replace(/^[\s<]+|[\s>]+$/g, '') || null,
    description: fields.get('content-description') ?? null,
  }
}

const MIME_FIELDS = new Set([
  'content-type',
  'content-disposition',
  'content-transfer-encoding',
  'content-id',
  'content-description',
])

/** The value of a field without its folds. */
export function unfolded(line: string): string {
  const value = line.slice(line.indexOf(':') + 1, line.indexOf(':') + 1 + MAX_FIELD_CHARACTERS)
  return value.replace(/\r*\n/g, '').trim()
}

function nameOf(disposition: StructuredField, type: StructuredField): string | null {
  const name = disposition.params.get('filename') ?? type.params.get('name') ?? disposition.params.get('name')
  return name === undefined || name.trim() === '' ? null : name
}

/** RFC 2183 section 2.8: an unknown one is treated as `attachment`. */
function dispositionOf({ value }: StructuredField): PartHeader['disposition'] {
  if (value === '') return null
  return value === 'inline' ? 'inline' : 'attachment'
}

const TYPE = /^([a-z0-9!#$%*^_.+&-]{1,100})\/([a-z0-9!#$%*^_.+&-]{1,100})/

/** What is written where a type should stand. */
const MEANT = new Map([
  ['text', 'text/plain'],
  ['plain', 'text/plain'],
  ['plain text', 'text/plain'],
  ['ascii', 'text/plain'],
  ['html', 'text/html'],
  ['multipart', 'multipart/mixed'],
  ['mixed', 'multipart/mixed'],
  ['alternative', 'multipart/alternative'],
  ['pdf', 'application/pdf'],
  ['message', 'message/rfc822'],
])

/** Empty where the field is missing: what the part is then, its surroundings tell. */
function contentTypeOf(value: string, isGiven: boolean, onFault: (fault: PartFault) => void): string {
  const [whole, type, subtype] = TYPE.exec(value) ?? []
  if (whole === undefined) {
    if (isGiven) onFault('content-type-mended')
    return MEANT.get(value.replace(/[/\s]+$/, '')) ?? ''
  }
  if (whole.length < value.length) onFault('content-type-mended')
  return `${type}/${subtype}`
}

const ENCODINGS = new Set(['', '7bit', '8bit', 'binary', 'base64', 'quoted-printable'])
const MEANT_ENCODINGS = new Map([
  ['quotedprintable', 'quoted-printable'],
  ['quoted_printable', 'quoted-printable'],
  ['quoted/printable', 'quoted-printable'],
  ['qp', 'quoted-printable'],
  ['base-64', 'base64'],
  ['b64', 'base64'],
  ['7-bit', '7bit'],
  ['8-bit', '8bit'],
])

/** RFC 2045 section 6.4: an unknown one leaves the octets as they are. */
function encodingOf(value: string, onFault: (fault: PartFault) => void): string {
  const token = value
    .toLowerCase()
    .replace(/\([^()]*\)/g, '')
    .replace(/["';\s]+/g, '')
  const encoding = MEANT_ENCODINGS.get(token) ?? token
  if (!ENCODINGS.has(encoding) && !encoding.startsWith('x-uu')) onFault('transfer-encoding-unknown')
  return encoding
}
