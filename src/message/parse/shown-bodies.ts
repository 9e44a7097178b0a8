import type { ParsedAttachment } from '../parsed-message.ts'
import { type Bodies, type BodyPart, bodies } from './bodies.ts'
import { isMultipart, isShown, isText, type Reading } from './mime-tree.ts'
import type { Part } from './part.ts'
import { textOf } from './text-of-part.ts'

export interface Shown extends Bodies {
  /** Files that stood in the text. */
  readonly attachments: readonly ParsedAttachment[]
}

/** The text and the HTML of a message, wherever it has some. */
export function shownBodies(root: Part, parts: readonly Part[], reading: Reading): Shown {
  const attachments: ParsedAttachment[] = []
  const shown = bodies(bodyPart(root, reading))
  for (const part of parts) partDefects(part, reading)
  if (!isBlank(shown)) return { ...shown, attachments }
  return { ...(instead(parts, reading) ?? shown), attachments }
}

function partDefects(part: Part, { defects }: Reading): void {
  if (part.fault !== null) defects.add(part.fault)
  if (part.isCut && isText(part.contentType)) defects.add('text-truncated')
}

const isBlank = ({ text, html }: Bodies): boolean => (text === null || text.trim() === '') && html === null

function bodyPart(part: Part, reading: Reading): BodyPart {
  return {
    contentType: part.contentType,
    children: part.children.map((child) => bodyPart(child, reading)),
    text: !isMultipart(part) && isShown(part.contentType, part.header) ? textOf(part, part.octets(), reading) : null,
  }
}

/** What stands for the text where no part is meant to be it. */
function instead(parts: readonly Part[], reading: Reading): Bodies | null {
  const named = parts.find(
    ({ contentType, header }) => isText(contentType) && header.fileName !== null && header.disposition !== 'attachment',
  )
  if (named !== undefined && named.sizeBytes > 0) {
    reading.defects.add('text-from-named-part')
    return bodies({ contentType: named.contentType, children: [], text: textOf(named, named.octets(), reading) })
  }
  const stray = parts
    .filter((part) => isMultipart(part) && part.children.length > 0)
    .map((part) => strayText(part, reading))
  const text = stray.filter((one) => one !== '').join('\n')
  if (text === '') return null
  reading.defects.add('text-outside-parts')
  return { text, html: null }
}

/** What programs write there for readers that know no MIME. */
const STANDARD = /\bmime\b|multi-?part/i
const STANDARD_CHARACTERS = 500

function strayText(part: Part, reading: Reading): string {
  const text = textOf(part, part.octets(), reading)
  const boundary = `--${part.header.boundary?.toString('latin1') ?? ''}`
  const lines = text.split('\n').filter((line) => !line.startsWith(boundary))
  const plain = lines.join('\n').trim()
  return plain.length < STANDARD_CHARACTERS && STANDARD.test(plain) ? '' : plain
}
