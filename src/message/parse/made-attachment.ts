import { createHash } from 'node:crypto'
import libmime from 'libmime'
import type { ParsedAttachment } from '../parsed-message.ts'
import { safeFileName } from './file-name.ts'
import type { Reading } from './mime-tree.ts'

export interface Enclosed {
  readonly name: string
  readonly octets: Buffer
  readonly contentType?: string | undefined
  readonly contentId?: string | null | undefined
}

/** A file that stood within a part, as an attachment of its own. */
export function madeAttachment(file: Enclosed, { content, defects }: Reading): ParsedAttachment {
  const filename = safeFileName(file.name)
  if (filename !== file.name.normalize('NFC').trim()) defects.add('file-name-mended')
  return {
    filename: filename === '' ? null : filename,
    contentType: file.contentType || libmime.detectMimeType(filename) || 'application/octet-stream',
    sizeBytes: file.octets.length,
    sha256: createHash('sha256').update(file.octets).digest('hex'),
    disposition: file.contentId ? 'inline' : 'attachment',
    contentId: file.contentId ?? null,
    ...(content ? { content: file.octets } : {}),
  }
}
