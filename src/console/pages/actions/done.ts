/** What the page after an action says of it. */
import { z } from 'zod'
import { type Html, html } from '../../html.ts'

export type Done = 'reprocess' | 'suppress' | 'pause' | 'resume' | 'poll' | 'contact'

const QUERY = z.object({
  done: z.enum(['reprocess', 'suppress', 'pause', 'resume', 'poll', 'contact']),
  count: z.coerce.number().int().min(0).max(1000),
})

const SAID: Readonly<Record<Done, (count: number) => string>> = {
  reprocess: (count) => (count === 1 ? 'It waits to be worked again.' : `${count} messages wait to be worked again.`),
  suppress: (count) => (count === 1 ? 'It is no ticket now.' : `${count} messages are no tickets now.`),
  pause: () => 'The mailbox is paused until somebody resumes it.',
  resume: () => 'The mailbox is polled again; what was held on the server is tried again.',
  poll: () => 'A poll was asked for.',
  contact: () => 'The next new ticket of this address is acknowledged again.',
}

export function doneNotice(query: unknown): Html | false {
  const { success, data } = QUERY.safeParse(query)
  if (!success) return false
  const nothing = data.count === 0
  const text = nothing
    ? 'Nothing was changed: somebody else was faster, or nothing was chosen.'
    : SAID[data.done](data.count)
  return html`<p class="alert ${nothing ? 'warn' : 'good'}" role="status">${text}</p>`
}

/** `path` with what `doneNotice` reads. */
export const doneAt = (path: string, done: Done, count: number): string => `${path}?done=${done}&count=${count}`
