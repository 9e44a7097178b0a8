/** One message: what became of it and why, beside the mail itself. */
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { asMailchuteError, MailchuteError } from '../../../errors.ts'
import type { WholeMessage } from '../../../store/browse/message.ts'
import { html } from '../../html.ts'
import { STREAMED } from '../../refusal.ts'
import type { ConsoleDeps } from '../../server.ts'
import { doneNotice } from '../actions/done.ts'
import { messageActions } from '../actions/forms.ts'
import { page } from '../layout.ts'
import { bytes, utc } from '../parts.ts'
import { about, authenticity, head } from './about.ts'
import { attachmentList, defectList } from './contents.ts'
import { find } from './find.ts'
import { FRAME_SANDBOX } from './mail.ts'
import { neighbourhood } from './neighbourhood.ts'
import { type Reading, readingOf } from './reading.ts'
import { timeline } from './timeline.ts'

export function addMessage(server: FastifyInstance, deps: ConsoleDeps): void {
  const { store, now } = deps
  server.get('/messages/:id', async (request, reply) => {
    const message = await find(store, request)
    const [neighbours, reading] = await Promise.all([store.browse.neighbours(message), readingOrCode(deps, message)])
    const title = message.subject || '(no subject)'
    const body = html`<h1 class="clip"><bdi>${title}</bdi></h1>
      ${doneNotice(request.query)}
      <div class="columns">
        <div>
          <section class="card">${about(message, now())}</section>
          ${messageActions(request.session, message)}
          <h2>What became of it</h2>
          <div data-live>${timeline(message)}</div>
          ${neighbourhood(neighbours, now())}
        </div>
        <div>${mail(message, reading)}</div>
      </div>`
    return reply
      .type('text/html')
      .send(page({ title, section: '/messages', session: request.session, path: [['/messages', 'Messages']], body }))
  })
  server.get('/messages/:id/raw', STREAMED, async (request, reply) => {
    const { id, sha256, rawMessage } = await find(store, request)
    if (rawMessage.purgedAt !== null)
      throw new MailchuteError('store/purged', 'the octets of this message were removed')
    return reply
      .type('application/octet-stream')
      .header('content-disposition', `attachment; filename="${id}.eml"`)
      .header('content-security-policy', "default-src 'none'; sandbox")
      .send(Readable.from(store.raw.octets(sha256)))
  })
}

const readingOrCode = (deps: ConsoleDeps, message: WholeMessage): Promise<Reading | string> =>
  readingOf(deps, message).catch((thrown: unknown) => asMailchuteError(thrown).code)

function mail(message: WholeMessage, reading: Reading | string) {
  const { id, rawMessage } = message
  const isGone = rawMessage.purgedAt !== null
  return html`${isGone && gone(message)}${typeof reading !== 'string' && head(reading)}
          ${typeof reading !== 'string' || !isGone ? html`<iframe class="mail" src="/messages/${id}/mail" sandbox="${FRAME_SANDBOX}" title="The mail as its reader sees it, without anything from outside"></iframe>` : false}
          ${
            !isGone &&
            html`<p class="actions">
            <a class="button quiet" href="/messages/${id}/source">Source</a>
            <a class="button quiet" href="/messages/${id}/raw" download>Download (${bytes(rawMessage.sizeBytes)})</a>
          </p>`
          }
          ${typeof reading !== 'string' && attachmentList(id, reading.attachments)}
          ${authenticity(message)}
          ${typeof reading !== 'string' && defectList(reading.defects)}`
}

/** There is nothing left to be shown or downloaded: whoever looks is told so, not sent to an error. */
const gone = ({ rawMessage: { purgedAt, erasedAt } }: WholeMessage) =>
  html`<p class="alert calm">${erasedAt !== null ? 'This mail was erased' : 'The octets of this mail were removed, as they were kept for long enough,'} on ${purgedAt !== null && utc(purgedAt)}. Digest, size and events stay.</p>`
