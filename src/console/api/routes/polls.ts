import { z } from 'zod'
import type { ListedPoll } from '../../../store/browse/polls.ts'
import { present } from '../../pages/list.ts'
import { type Route, route } from '../route.ts'
import { PAGING, Poll, pageOf, text } from '../shapes.ts'
import { idCursor } from './outbox.ts'

export const POLL_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/polls',
    operationId: 'listPolls',
    summary: 'Polls with their balance sheets, newest first: listed = known + retrieved + held + left.',
    query: z.object({
      mailbox: text.optional(),
      troubled: z
        .enum(['true', 'false'])
        .transform((written) => written === 'true')
        .optional()
        .describe('Only those that ended with an error.'),
      ...PAGING,
    }),
    answer: pageOf(Poll),
    handle: async ({ store }, { query: { cursor, limit, mailbox, troubled } }) => {
      const filter = present({ mailbox, isTroubled: troubled })
      const found = await store.browse.polls(filter, idCursor(cursor), limit + 1)
      const items = found.slice(0, limit)
      return { items: items.map(shapeOf), next: found.length > limit ? String(items.at(-1)?.id ?? '') : null }
    },
  }),
]

const shapeOf = ({ id, mailbox, startedAt, endedAt, ...sheet }: ListedPoll) => ({
  ...sheet,
  id: id.toString(),
  mailbox: mailbox.name,
  startedAt: startedAt.toISOString(),
  endedAt: endedAt?.toISOString() ?? null,
})
