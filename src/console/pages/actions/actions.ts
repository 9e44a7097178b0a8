/** What operators do. Each is an event with its actor; the guard lets nobody else here. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { MailchuteError } from '../../../errors.ts'
import { type Act, NOTE_CHARS } from '../../../store/act.ts'
import type { Messages } from '../../../store/messages.ts'
import type { ConsoleDeps } from '../../server.ts'
import { readQuery } from '../list.ts'
import { isMessageId, parameter } from '../message/find.ts'
import { doneAt } from './done.ts'

const note = z.string().max(NOTE_CHARS).default('')
const messageId = z.string().refine(isMessageId)
const ON_MESSAGE = z.object({ action: z.enum(['release', 'judge', 'suppress']), note })
const ON_MESSAGES = ON_MESSAGE.extend({
  id: z.union([messageId.transform((id) => [id]), z.array(messageId).max(1000)]).default([]),
})
const ON_OUTBOX = z.object({ action: z.literal('replay') })
const ON_MAILBOX = z.object({ action: z.enum(['pause', 'resume', 'poll']) })

export function addActions(server: FastifyInstance, deps: ConsoleDeps): void {
  server.post('/messages/:id/act', async (request, reply) => {
    const id = parameter(request, 'id')
    if (!isMessageId(id)) throw new MailchuteError('console/not-found', 'there is no such message')
    const { action, note } = readQuery(ON_MESSAGE, request.body)
    const count = await actOn(deps, [id], action, { actor: actorOf(request), note })
    return reply.redirect(doneAt(`/messages/${id}`, action, count), 303)
  })
  server.post('/quarantine', async (request, reply) => {
    const { id: ids, action, note } = readQuery(ON_MESSAGES, request.body)
    const count = await actOn(deps, ids, action, { actor: actorOf(request), note })
    return reply.redirect(doneAt('/quarantine', action, count), 303)
  })
  server.post('/outbox/:id/act', async (request, reply) => {
    const { action } = readQuery(ON_OUTBOX, request.body)
    const count = await replay(deps, parameter(request, 'id'), { actor: actorOf(request) })
    return reply.redirect(doneAt('/outbox', action, count), 303)
  })
  server.post('/tickets/:number/contact', async (request, reply) => {
    const number = parameter(request, 'number')
    const ticket = /^\d{1,9}$/.test(number) ? await deps.store.browse.ticket(Number(number)) : null
    if (ticket === null) throw new MailchuteError('console/not-found', 'there is no such ticket')
    const count = await deps.store.contacts.reset([ticket.requester.addressSha256], { actor: actorOf(request) })
    return reply.redirect(doneAt(`/tickets/${number}`, 'contact', count), 303)
  })
  server.post('/mailboxes/:name/act', async (request, reply) => {
    const { action } = readQuery(ON_MAILBOX, request.body)
    await actOnMailbox(deps, parameter(request, 'name'), action, { actor: actorOf(request) })
    return reply.redirect(doneAt('/', action, 1), 303)
  })
}

const actorOf = ({ actor }: FastifyRequest): string => actor?.name ?? 'nobody'

const CHANGES = { release: 'reprocess', judge: 'judgeAgain', suppress: 'dismiss' } as const satisfies Record<
  string,
  keyof Messages
>

async function actOn({ store, wake }: ConsoleDeps, ids: readonly string[], action: keyof typeof CHANGES, act: Act) {
  const changed: string[] = []
  for (const id of ids) if (await store.messages[CHANGES[action]](id, act)) changed.push(id)
  // It is done by now; the sweep finds them within a minute.
  if (action !== 'suppress' && changed.length > 0) await wake(changed).catch(() => undefined)
  return changed.length
}

async function replay({ store }: ConsoleDeps, id: string, act: Act): Promise<number> {
  const replayed = /^[1-9]\d{0,17}$/.test(id) ? await store.webhooks.replay(id, act) : 'unknown'
  if (replayed === 'unknown') throw new MailchuteError('console/not-found', 'there is no such row in the outbox')
  return replayed === 'done' ? 1 : 0
}

async function actOnMailbox(
  { store, requestPoll }: ConsoleDeps,
  name: string,
  action: 'pause' | 'resume' | 'poll',
  act: Act,
): Promise<void> {
  const row = await store.mailboxes.find(name)
  if (row === null) throw new MailchuteError('console/not-found', 'there is no such mailbox')
  if (action === 'poll') {
    await store.mailboxes.askForPoll(row.id, act)
    await requestPoll(name)
  } else await store.mailboxes[action](row.id, act)
  // It is resumed by now, and polled by its schedule.
  if (action === 'resume') await requestPoll(name).catch(() => undefined)
}
