import type { ParsedAttachment } from '../parsed-message.ts'
import { readHead } from './head.ts'
import { madeAttachment } from './made-attachment.ts'
import { isMultipart, type Reading, readTree } from './mime-tree.ts'
import type { Part } from './part.ts'
import { type CmsKind, cmsContent } from './smime.ts'
import { readTnef, type Tnef } from './tnef/tnef.ts'

/** What was found in containers of other kinds than MIME. */
export interface Opened {
  readonly tnef: ReadonlyMap<Part, Tnef>
}

const MAX_OPENED = 20

/** Opens winmail.dat and mails that are wrapped in their S/MIME signature; tells what is encrypted. */
export async function openParts(parts: readonly Part[], reading: Reading): Promise<Opened> {
  const tnef = new Map<Part, Tnef>()
  let left = MAX_OPENED
  for (const part of parts) {
    if (isMultipart(part)) {
      if (part.contentType === 'multipart/encrypted') reading.defects.add('encrypted-pgp')
      continue
    }
    const isWhole = !part.isCut && part.sizeBytes > 0 && left > 0
    if (isTnef(part)) {
      left--
      const found = isWhole ? readTnef(part.octets()) : null
      reading.defects.add(found === null ? 'tnef-unreadable' : 'tnef-opened')
      if (found !== null) tnef.set(part, found)
    } else if (CMS.test(part.contentType)) {
      left--
      await openSmime(part, isWhole, reading)
    }
  }
  return { tnef }
}

const TNEF = /^application\/(?:vnd\.)?ms-tnef$/
const CMS = /^application\/(?:x-)?pkcs7-mime$/

/** Also under another type. */
const isTnef = ({ contentType, header }: Part): boolean =>
  TNEF.test(contentType) || (contentType.startsWith('application/') && /^winmail\.dat$/i.test(header.fileName ?? ''))

const ENCRYPTED: ReadonlySet<CmsKind> = new Set(['enveloped'])

async function openSmime(part: Part, isWhole: boolean, reading: Reading): Promise<void> {
  const { kind, content } = cmsContent(part.octets())
  const named = part.header.params.get('smime-type')?.toLowerCase() ?? ''
  if (ENCRYPTED.has(kind) || named.includes('enveloped')) reading.defects.add('encrypted-smime')
  if (kind !== 'signed' || content === null || !isWhole || part.depth >= MAX_WRAPS) return
  const { lines, body } = await readHead(whole(content), reading.limits.maxHeaderOctets)
  part.children.push(await readTree(lines, body, reading, part))
  reading.defects.add('smime-opened')
}

const MAX_WRAPS = 10

async function* whole(octets: Buffer): AsyncGenerator<Buffer> {
  yield octets
}

/** The files of a winmail.dat as attachments. */
export const tnefAttachments = ({ files }: Tnef, reading: Reading): ParsedAttachment[] =>
  files.map(({ name, octets, contentType, contentId }) =>
    madeAttachment({ name, octets, contentType: contentType ?? undefined, contentId }, reading),
  )
