/** `/messages/:id/parts/:n`: the octets of an attachment, cut out of the raw message. */
import type { FastifyInstance } from 'fastify'
import { MailchuteError } from '../../../errors.ts'
import { RASTER_IMAGE } from '../../../message/html/elements.ts'
import type { ConsoleDeps } from '../../server.ts'
import { contentDisposition } from './content-disposition.ts'
import { find, parameter } from './find.ts'
import { parsedWithContent } from './reading.ts'

export function addPart(server: FastifyInstance, deps: ConsoleDeps): void {
  server.get('/messages/:id/parts/:position', async (request, reply) => {
    const message = await find(deps.store, request)
    const position = parameter(request, 'position')
    const mail = /^\d{1,5}$/.test(position) ? await parsedWithContent(deps, message) : null
    const part = mail?.attachments[Number(position)]
    if (part?.content === undefined) throw new MailchuteError('console/not-found', 'there is no such attachment')
    const isImage = RASTER_IMAGE.test(part.contentType)
    return reply
      .type(isImage ? part.contentType.toLowerCase() : 'application/octet-stream')
      .header('content-disposition', contentDisposition(isImage ? 'inline' : 'attachment', part.filename))
      .header('content-security-policy', "default-src 'none'; sandbox")
      .send(Buffer.from(part.content.buffer, part.content.byteOffset, part.content.byteLength))
  })
}
