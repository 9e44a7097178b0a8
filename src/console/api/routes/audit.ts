import { LOWEST_ID } from '../../../store/audit.ts'
import { type Route, route } from '../route.ts'
import { AuditHead } from '../shapes.ts'

export const AUDIT_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/audit/head',
    operationId: 'getAuditHead',
    summary: 'The end of the chain that seals the audit log, and what is not sealed yet.',
    answer: AuditHead,
    handle: async ({ store }) => {
      const head = await store.audit.head()
      const { events, oldestAt } = await store.audit.after(head === null ? LOWEST_ID : BigInt(head.lastEventId))
      return { head, unsealed: { events, oldestAt: oldestAt?.toISOString() ?? null } }
    },
  }),
]
