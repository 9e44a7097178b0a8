import { z } from 'zod'
import { outboxShape } from '../../../store/browse/shapes.ts'
import { present } from '../../pages/list.ts'
import { noSuchPage, notFound, notPossible, type Route, route } from '../route.ts'
import { note, OUTBOX_STATES, OutboxRow, PAGING, pageOf, text } from '../shapes.ts'

const ID = /^[1-9]\d{0,17}$/

export const OUTBOX_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/outbox',
    operationId: 'listOutbox',
    summary: 'What goes out, acknowledgements and webhooks, newest first.',
    query: z.object({ state: z.enum(OUTBOX_STATES).optional(), mailbox: text.optional(), ...PAGING }),
    answer: pageOf(OutboxRow),
    handle: async ({ store }, { query: { cursor, limit, ...filter } }) => {
      const found = await store.browse.outbox(present(filter), idCursor(cursor), limit + 1)
      const items = found.slice(0, limit)
      return { items: items.map(outboxShape), next: found.length > limit ? String(items.at(-1)?.id ?? '') : null }
    },
  }),
  route({
    method: 'POST',
    path: '/outbox/{id}/replay',
    operationId: 'replayOutbox',
    summary: 'Sends a webhook’s message again, under the same webhook-id.',
    params: z.object({ id: z.string().regex(ID) }),
    body: z.object({ note }),
    status: 202,
    answer: z.object({ id: z.string(), state: z.literal('waiting') }),
    problems: [404, 409],
    handle: async ({ store }, { params: { id }, by }) => {
      const replayed = await store.webhooks.replay(id, by)
      if (replayed === 'unknown') throw notFound('row')
      if (replayed === 'refused') throw notPossible('it waits already, or is no webhook’s')
      return { id, state: 'waiting' as const }
    },
  }),
]

export function idCursor(cursor: string | undefined): bigint | null {
  if (cursor === undefined) return null
  if (!ID.test(cursor)) throw noSuchPage()
  return BigInt(cursor)
}
