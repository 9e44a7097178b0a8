import { htmlToText } from '../html/html-text.ts'
import type { ParsedAttachment } from '../parsed-message.ts'
import { type Bodies, type BodyPart, bodies } from './bodies.ts'
import { decodeText } from './charset.ts'
import { madeAttachment } from './made-attachment.ts'
import { isMultipart, isShown, isText, type Reading } from './mime-tree.ts'
import type { Opened } from './open-parts.ts'
import type { Part } from './part.ts'
import { textOf } from './text-of-part.ts'
import { uuFiles } from './uuencode.ts'

export interface Shown extends Bodies {
  /** Files that stood in the text. */
  readonly attachments: readonly ParsedAttachment[]
}

/** The text and the HTML of a message, wherever it has some. */
export function shownBodies(root: Part, parts: readonly Part[], opened: Opened, reading: Reading): Shown {
  const attachments: ParsedAttachment[] = []
  const shown = bodies(bodyPart(root, reading, attachments))
  for (const part of parts) partDefects(part, reading)
  pgpDefects(shown, reading)
  if (!isBlank(shown)) return { ...shown, attachments }
  return { ...(ofTnef(opened) ?? instead(parts, reading) ?? shown), attachments }
}

function partDefects(part: Part, { defects }: Reading): void {
  if (part.fault !== null) defects.add(part.fault)
  if (part.isCut && isText(part.contentType)) defects.add('text-truncated')
}

const isBlank = ({ text, html }: Bodies): boolean => (text === null || text.trim() === '') && html === null

function bodyPart(part: Part, reading: Reading, attachments: ParsedAttachment[]): BodyPart {
  return {
    contentType: part.contentType,
    children: part.children.map((child) => bodyPart(child, reading, attachments)),
    text: !isMultipart(part) && isShown(part.contentType, part.header) ? shownText(part, reading, attachments) : null,
  }
}

function shownText(part: Part, reading: Reading, attachments: ParsedAttachment[]): string {
  const octets = part.octets()
  const found = part.contentType === 'text/plain' ? uuFiles(octets) : null
  if (found === null) return textOf(part, octets, reading)
  reading.defects.add('uuencode-extracted')
  for (const { name, octets: file, isWhole } of found.files) {
    if (!isWhole) reading.defects.add('uuencode-broken')
    const fileName = decodeText(Buffer.from(name, 'latin1'), part.header.charset ?? 'utf-8').text
    attachments.push(madeAttachment({ name: fileName, octets: file }, reading))
  }
  return textOf(part, found.rest, reading)
}

/** Outlook puts the text into winmail.dat alone, or beside a copy of it. */
function ofTnef({ tnef }: Opened): Bodies | null {
  const found = [...tnef.values()].find(({ text, html }) => text !== null || html !== null)
  if (found === undefined) return null
  return { text: found.text ?? htmlToText(found.html ?? ''), html: found.html }
}

/** RFC 9580 section 6.2. */
function pgpDefects({ text }: Bodies, { defects }: Reading): void {
  if (text === null || !text.includes('-----BEGIN PGP ')) return
  if (text.includes('-----BEGIN PGP SIGNED MESSAGE-----')) defects.add('signed-pgp')
  if (text.includes('-----BEGIN PGP MESSAGE-----')) defects.add('encrypted-pgp')
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
