/** The octets of an attachment, cut out of the raw message: for the pages and for the API. */
import type { FastifyReply } from 'fastify'
import { MailchuteError } from '../errors.ts'
import { RASTER_IMAGE } from '../message/html/elements.ts'
import type { WholeMessage } from '../store/browse/message.ts'
import { contentDisposition } from './pages/message/content-disposition.ts'
import { parsedWithContent, type ReadingDeps } from './pages/message/reading.ts'

export interface Attachments {
  /**
   * Answers with it. As a download, unless images are to be shown and it is one. Rejects with `console/not-found`, with
   * `console/too-many` while others read as much as there is room for, and as reading the mail does.
   */
  send(reply: FastifyReply, message: WholeMessage, position: number, images: 'shown' | 'saved'): Promise<FastifyReply>
}

/** Of all that are being sent: whoever reads slowly keeps his in memory meanwhile. */
const HELD_BYTES_LIMIT = 128 * 1024 * 1024

export function createAttachments(deps: ReadingDeps, heldBytesLimit = HELD_BYTES_LIMIT): Attachments {
  let heldBytes = 0
  const hold = (reply: FastifyReply, bytes: number): void => {
    if (heldBytes > 0 && heldBytes + bytes > heldBytesLimit) throw tooMany()
    heldBytes += bytes
    reply.raw.once('close', () => {
      heldBytes -= bytes
    })
  }
  return {
    send: async (reply, message, position, images) => {
      if (heldBytes >= heldBytesLimit) throw tooMany()
      const mail = await parsedWithContent(deps, message, leaving(reply))
      const { content, contentType = '', filename = null } = mail.attachments[position] ?? {}
      if (content === undefined) throw missing(mail.defects)
      hold(reply, content.byteLength)
      const isShown = images === 'shown' && RASTER_IMAGE.test(contentType)
      return reply
        .type(isShown ? contentType.toLowerCase() : 'application/octet-stream')
        .header('content-disposition', contentDisposition(isShown ? 'inline' : 'attachment', filename))
        .header('content-security-policy', "default-src 'none'; sandbox")
        .send(Buffer.from(content.buffer, content.byteOffset, content.byteLength))
    },
  }
}

const tooMany = () => new MailchuteError('console/too-many', 'too many attachments are being downloaded at the moment')

/** Of a mail that was read barely nobody knows what hangs on it. */
const missing = (defects: readonly string[]) =>
  defects.includes('parsed-barely')
    ? new MailchuteError('message/parse-timeout', 'the mail takes too long to be read')
    : new MailchuteError('console/not-found', 'there is no such attachment')

/** Nobody waits for the answer any more. */
function leaving({ raw }: FastifyReply): AbortSignal {
  const left = new AbortController()
  raw.once('close', () => left.abort())
  return left.signal
}
