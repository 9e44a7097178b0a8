/** What the page after an action says of it. */
import { z } from 'zod'
import { type Html, html } from '../../html.ts'

const DONE = ['release', 'judge', 'suppress', 'replay', 'pause', 'resume', 'poll', 'contact'] as const
export type Done = (typeof DONE)[number]

const QUERY = z.object({
  done: z.enum(DONE),
  count: z.coerce.number().int().min(0).max(1000),
})

const SAID: Readonly<Record<Done, (count: number) => string>> = {
  release: (count) =>
    count === 1 ? 'It is let through, and waits for work.' : `${count} messages are let through, and wait for work.`,
  judge: (count) => (count === 1 ? 'It waits to be judged again.' : `${count} messages wait to be judged again.`),
  suppress: (count) => (count === 1 ? 'It is no ticket now.' : `${count} messages are no tickets now.`),
  replay: () => 'It is sent again.',
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
