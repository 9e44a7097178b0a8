/** `/messages/:id/parts/:n`: an attachment; a raster image is shown, for it may be one of the mail. */
import type { FastifyInstance } from 'fastify'
import { MailchuteError } from '../../../errors.ts'
import type { Attachments } from '../../attachments.ts'
import type { ConsoleDeps } from '../../server.ts'
import { find, parameter } from './find.ts'

export function addPart(server: FastifyInstance, { store }: ConsoleDeps, attachments: Attachments): void {
  server.get('/messages/:id/parts/:position', async (request, reply) => {
    const message = await find(store, request)
    const position = parameter(request, 'position')
    if (!/^\d{1,5}$/.test(position)) throw new MailchuteError('console/not-found', 'there is no such attachment')
    return attachments.send(reply, message, Number(position), 'shown')
  })
}
