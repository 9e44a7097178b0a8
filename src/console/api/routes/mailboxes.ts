import { z } from 'zod'
import type { MailboxStanding } from '../../../store/browse/mailboxes.ts'
import type { Mailbox as Row } from '../../../store/mailboxes.ts'
import type { ConsoleDeps } from '../../server.ts'
import { notFound, type Route, route } from '../route.ts'
import { Mailbox, note, text } from '../shapes.ts'

const ONE = z.object({ name: text })
const NOTE = z.object({ note })

export const MAILBOX_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/mailboxes',
    operationId: 'listMailboxes',
    summary: 'Every mailbox, and how it stands; today is the last 24 hours.',
    answer: z.object({ items: z.array(Mailbox) }),
    handle: async ({ store }) => ({ items: (await store.browse.mailboxes()).map(shapeOf) }),
  }),
  action('pause', 'Polls it no more until it is resumed.'),
  action('resume', 'Polls it again; what was held on the server is tried again.'),
  route({
    method: 'POST',
    path: '/mailboxes/{name}/poll',
    operationId: 'pollMailbox',
    summary: 'Asks for a poll now, if none is under way and no operator paused it; the pause after a failure ends.',
    params: ONE,
    body: NOTE,
    status: 202,
    answer: z.object({ mailbox: z.string() }),
    problems: [404],
    handle: async (deps, { params, by }) => {
      const { id, name } = await find(deps, params.name)
      await deps.store.mailboxes.askForPoll(id, by)
      await deps.requestPoll(name)
      return { mailbox: name }
    },
  }),
]

function action(what: 'pause' | 'resume', summary: string): Route {
  return route({
    method: 'POST',
    path: `/mailboxes/{name}/${what}`,
    operationId: `${what}Mailbox`,
    summary,
    params: ONE,
    body: NOTE,
    answer: Mailbox,
    problems: [404],
    handle: async (deps, { params, by }) => {
      const { id, name } = await find(deps, params.name)
      await deps.store.mailboxes[what](id, by)
      const standing = (await deps.store.browse.mailboxes()).find((each) => each.name === name)
      if (standing === undefined) throw notFound('mailbox')
      return shapeOf(standing)
    },
  })
}

async function find({ store }: ConsoleDeps, name: string): Promise<Row> {
  const row = await store.mailboxes.find(name.toLowerCase())
  if (row === null) throw notFound('mailbox')
  return row
}

function shapeOf({ name, byHour: _, ...standing }: MailboxStanding) {
  const { nextPollAt, lastGoodPollAt, backlogSince, oldestWaitingAt } = standing
  return {
    ...standing,
    mailbox: name,
    nextPollAt: nextPollAt?.toISOString() ?? null,
    lastGoodPollAt: lastGoodPollAt?.toISOString() ?? null,
    backlogSince: backlogSince?.toISOString() ?? null,
    oldestWaitingAt: oldestWaitingAt?.toISOString() ?? null,
  }
}
