/** One message: what became of it and why, beside the mail itself. */
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { MailchuteError } from '../../../errors.ts'
import type { WholeMessage } from '../../../store/browse/message.ts'
import type { Store } from '../../../store/store.ts'
import { type Html, html } from '../../html.ts'
import type { ConsoleDeps } from '../../server.ts'
import { page } from '../layout.ts'
import { bytes, kindName, tag } from '../parts.ts'
import { timeline } from './timeline.ts'

export function addMessage(server: FastifyInstance, { store }: ConsoleDeps): void {
  server.get('/messages/:id', async (request, reply) => {
    const message = await find(store, request)
    const title = message.subject || '(no subject)'
    const body = html`<h1>${title}</h1>
      <div class="columns">
        <div>
          <section class="card">${about(message)}</section>
          <h2>What became of it</h2>
          <div data-live>${timeline(message)}</div>
        </div>
        <div>
          <iframe class="mail" src="/messages/${message.id}/mail" sandbox="allow-popups" title="The mail as its reader sees it, without anything from outside"></iframe>
          <p class="actions">
            <a class="button quiet" href="/messages/${message.id}/source">Source</a>
            <a class="button quiet" href="/messages/${message.id}/raw" download>Download (${bytes(message.rawMessage.sizeBytes)})</a>
          </p>
        </div>
      </div>`
    return reply.type('text/html').send(page({ title, section: '/messages', session: request.session, body }))
  })
  server.get('/messages/:id/raw', async (request, reply) => {
    const { id, sha256, rawMessage } = await find(store, request)
    if (rawMessage.purgedAt !== null)
      throw new MailchuteError('store/purged', 'the octets of this message were removed')
    return reply
      .type('message/rfc822')
      .header('content-disposition', `attachment; filename="${id}.eml"`)
      .header('content-security-policy', "default-src 'none'; sandbox")
      .send(Readable.from(store.raw.octets(sha256)))
  })
}

const FULL_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export async function find(store: Store, { params }: Pick<FastifyRequest, 'params'>): Promise<WholeMessage> {
  const id: unknown = typeof params === 'object' && params !== null ? Reflect.get(params, 'id') : null
  const message = typeof id === 'string' && FULL_ID.test(id) ? await store.browse.message(id) : null
  if (message === null) throw new MailchuteError('console/not-found', 'there is no such message')
  return message
}

function about(message: WholeMessage): Html {
  const { state, reason, kind, mailbox, fromAddress, messageId, uniqueId, sha256, rawMessage } = message
  const ticket = message.entry?.ticket.number ?? message.ticket?.number ?? null
  const rows: readonly (readonly [string, Html | string | null | false])[] = [
    ['State', html`${tag(state)} ${reason !== null && html`<code>${reason}</code>`}`],
    ['Ticket', ticket !== null && html`<a href="/tickets/${ticket}">#${ticket}</a>`],
    ['Kind', kindName(kind)],
    ['From', fromAddress],
    ['Mailbox', mailbox.name],
    ['Message-ID', messageId && html`<code>${messageId}</code>`],
    ['Unique-id', html`<code>${uniqueId}</code>`],
    ['Size', bytes(rawMessage.sizeBytes)],
    ['SHA-256', html`<code>${sha256}</code>`],
  ]
  return html`<dl class="about">${rows.filter(([, value]) => value).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`
}
