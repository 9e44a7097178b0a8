import { hasMoreLines } from '../has-more-lines.ts'
import { inPieces } from '../in-pieces.ts'
import { decodeText } from './charset.ts'
import type { Reading } from './mime-tree.ts'
import type { Part } from './part.ts'

/** The text of a part with LF line ends, paragraphs that were sent as format=flowed (RFC 3676) in one line each. */
export function textOf(part: Part, octets: Buffer, { defects }: Reading): string {
  const isHtml = part.contentType === 'text/html'
  const declared = part.header.charset
  const meta = isHtml ? metaCharset(octets) : null
  // A page knows its charset better than who wrapped it up, where that one says nothing.
  const name = declared === null || /^us-ascii$/i.test(declared) ? (meta ?? declared) : declared
  const { text, fault } = decodeText(octets, name, [meta, part.parent?.header.charset ?? null])
  if (fault !== null) defects.add(fault)
  const plain = text.includes('\r') ? inPieces(text, (piece) => piece.replace(/\r\n?/g, '\n')) : text
  return !isHtml && isFlowed(part) && !hasMoreLines(plain, FLOWED_MAX_LINES)
    ? unflowed(plain, part.header.params.get('delsp')?.toLowerCase() === 'yes')
    : plain
}

/** No letter has more. */
const FLOWED_MAX_LINES = 100_000

const META_OCTETS = 4096

/** HTML, "prescan a byte stream to determine its encoding". */
function metaCharset(octets: Buffer): string | null {
  const start = octets.toString('latin1', 0, META_OCTETS)
  const charset = /<meta\s[^>]{0,300}?charset\s{0,5}=\s{0,5}["']?([\w.:-]{2,40})/i.exec(start)?.[1] ?? null
  // A page that can be read up to here is none of 16-bit units, whatever it says.
  return charset !== null && /^utf-?16/i.test(charset) ? 'utf-8' : charset
}

const isFlowed = (part: Part): boolean => part.header.params.get('format')?.toLowerCase().trim() === 'flowed'

/** RFC 3676 section 4: a line that ends with a space goes on in the next one of the same quotation depth. */
function unflowed(text: string, isSpaceDeleted: boolean): string {
  const out: string[] = []
  let open: { marks: string; text: string[] } | null = null
  const close = (): void => {
    if (open) out.push(open.marks + open.text.join(''))
    open = null
  }
  for (const line of text.split('\n')) {
    const marks = /^>*/.exec(line)?.[0] ?? ''
    const rest = line.slice(marks.length)
    const content = rest.startsWith(' ') ? rest.slice(1) : rest
    const isSignature = content === '-- '
    const shown = marks === '' ? '' : `${marks} `
    if (open !== null && (open as { marks: string }).marks === shown && !isSignature) open.text.push(content)
    else {
      close()
      open = { marks: shown, text: [content] }
    }
    const flows = content.endsWith(' ') && !isSignature
    if (!flows) close()
    else if (isSpaceDeleted && open !== null) open.text.push(open.text.pop()?.slice(0, -1) ?? '')
  }
  close()
  return out.join('\n')
}
