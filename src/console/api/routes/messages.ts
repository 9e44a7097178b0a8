import { Readable } from 'node:stream'
import { z } from 'zod'
import type { Act } from '../../../store/act.ts'
import type { WholeMessage } from '../../../store/browse/message.ts'
import type { MessageCursor } from '../../../store/browse/messages.ts'
import { messageFields, messageWithContent } from '../../../store/browse/shapes.ts'
import type { MessageDetail, Messages } from '../../../store/messages.ts'
import { present } from '../../pages/list.ts'
import { type ReadAttachment, readingOf } from '../../pages/message/reading.ts'
import { type ApiDeps, noSuchPage, notFound, notPossible, type Route, route } from '../route.ts'
import { Attachment, Message, MessageWithEvents, note, PAGING, pageOf, STATES, text, when } from '../shapes.ts'

const ONE = z.object({ id: z.uuid() })
const NOTE = z.object({ note })

export const MESSAGE_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/messages',
    operationId: 'listMessages',
    summary: 'Messages, newest first; all that is asked for must hold.',
    query: z.object({
      state: z.enum(STATES).optional(),
      mailbox: text.optional(),
      reason: text.optional().describe('Whole, or its start: `thread/`.'),
      address: text.optional().describe('Of the sender: whole, or its start, or `@` and a domain.'),
      subject: text.optional().describe('Words of it, in any order; the last may be the start of one.'),
      messageId: text.optional(),
      receivedFrom: when.optional(),
      receivedTo: when.optional().describe('An instant, or a day (UTC): up to it, without it.'),
      ...PAGING,
    }),
    answer: pageOf(Message),
    handle: async ({ store }, { query: { cursor, limit, receivedTo, ...search } }) => {
      const wanted = present({ ...search, receivedBefore: receivedTo })
      const found = await store.browse.messages(wanted, cursorOf(cursor), limit + 1)
      const items = found.slice(0, limit)
      const last = items.at(-1)
      const next = found.length > limit && last ? `${last.receivedMicroseconds}_${last.id}` : null
      return { items: items.map(messageWithContent), next }
    },
  }),
  route({
    method: 'GET',
    path: '/messages/{id}',
    operationId: 'getMessage',
    summary: 'One message, with every event on its way.',
    params: ONE,
    answer: MessageWithEvents,
    problems: [404],
    handle: async (deps, { params: { id } }) => whole(await find(deps, id)),
  }),
  route({
    method: 'GET',
    path: '/messages/{id}/raw',
    operationId: 'getRawMessage',
    summary: 'Its exact octets, as the server had them.',
    params: ONE,
    answer: 'message/rfc822',
    problems: [404, 410],
    handle: async (deps, { params: { id }, reply }) => {
      const { sha256 } = await find(deps, id)
      const octets = deps.store.raw.octets(sha256)[Symbol.asyncIterator]()
      // Before a word is said: what cannot be read is an error, and no empty file.
      const first = await octets.next()
      reply.header('content-security-policy', "default-src 'none'; sandbox")
      reply.header('content-disposition', `attachment; filename="${id}.eml"`).type('message/rfc822')
      return reply.send(Readable.from(joined(first, octets)))
    },
  }),
  route({
    method: 'GET',
    path: '/messages/{id}/attachments',
    operationId: 'listAttachments',
    summary: 'What hangs on it, whether it is on a ticket or not.',
    params: ONE,
    answer: z.object({ items: z.array(Attachment) }),
    problems: [404, 410, 422],
    handle: async (deps, { params: { id } }) => {
      const { attachments } = await readingOf(deps, await findWhole(deps, id))
      const shapeOf = ({ filename, contentType, sizeBytes, sha256 }: ReadAttachment, position: number) => ({
        ...{ position, filename, contentType, sizeBytes, sha256 },
      })
      return { items: attachments.map(shapeOf) }
    },
  }),
  route({
    method: 'GET',
    path: '/messages/{id}/attachments/{position}',
    operationId: 'getAttachment',
    summary: 'The octets of an attachment, after its transfer encoding is undone.',
    params: z.object({ id: z.uuid(), position: z.coerce.number().int().min(0).max(99_999) }),
    answer: 'application/octet-stream',
    problems: [404, 410, 422],
    handle: async (deps, { params: { id, position }, reply }) =>
      deps.attachments.send(reply, await findWhole(deps, id), position, 'saved'),
  }),
  route({
    method: 'POST',
    path: '/messages/{id}/reprocess',
    operationId: 'reprocessMessage',
    summary: 'A quarantined or suppressed message back into work, by the rules of today.',
    params: ONE,
    body: NOTE,
    answer: MessageWithEvents,
    problems: [404, 409],
    handle: (deps, { params: { id }, by }) => workAgain(deps, id, deps.store.messages.reprocess, by),
  }),
  route({
    method: 'POST',
    path: '/messages/{id}/judge-again',
    operationId: 'judgeMessageAgain',
    summary: 'The same, but what it was held or suppressed for does not count as decided: it may be so again.',
    params: ONE,
    body: NOTE,
    answer: MessageWithEvents,
    problems: [404, 409],
    handle: (deps, { params: { id }, by }) => workAgain(deps, id, deps.store.messages.judgeAgain, by),
  }),
  route({
    method: 'POST',
    path: '/messages/{id}/suppress',
    operationId: 'suppressMessage',
    summary: 'A quarantined message rightly becomes no ticket.',
    params: ONE,
    body: NOTE,
    answer: MessageWithEvents,
    problems: [404, 409],
    handle: async (deps, { params: { id }, by }) => {
      const before = await find(deps, id)
      if (!(await deps.store.messages.dismiss(id, by))) throw notPossible(`the message is ${before.state}`)
      return whole(await find(deps, id))
    },
  }),
]

function cursorOf(cursor: string | undefined): MessageCursor | null {
  if (cursor === undefined) return null
  const [, receivedMicroseconds, id] = /^(\d{1,17})_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(cursor) ?? []
  if (receivedMicroseconds === undefined || id === undefined) throw noSuchPage()
  return { receivedMicroseconds, id }
}

async function find({ store }: ApiDeps, id: string): Promise<MessageDetail> {
  const message = await store.messages.find(id)
  if (message === null) throw notFound('message')
  return message
}

async function workAgain(deps: ApiDeps, id: string, change: Messages['reprocess'], by: Act) {
  const before = await find(deps, id)
  if (!(await change(id, by))) throw notPossible(`the message is ${before.state}`)
  // The sweep finds it within a minute.
  await deps.wake([id]).catch(() => undefined)
  return whole(await find(deps, id))
}

async function findWhole({ store }: ApiDeps, id: string): Promise<WholeMessage> {
  const message = await store.browse.message(id.toLowerCase())
  if (message === null) throw notFound('message')
  return message
}

function whole(message: MessageDetail) {
  const events = message.events.map(({ at, code, detail }) => ({
    at: at.toISOString(),
    code,
    detail: detail as Record<string, unknown>,
  }))
  return { ...messageWithContent(messageFields(message)), events }
}

async function* joined(first: IteratorResult<Buffer>, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  for (let chunk = first; chunk.done !== true; chunk = await rest.next()) yield chunk.value
}
