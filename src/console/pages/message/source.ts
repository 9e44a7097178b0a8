/** The start of a message as the server had it, to be read. */
import type { FastifyInstance } from 'fastify'
import type { WholeMessage } from '../../../store/browse/message.ts'
import type { Store } from '../../../store/store.ts'
import { type Html, html } from '../../html.ts'
import type { ConsoleDeps } from '../../server.ts'
import { page } from '../layout.ts'
import { bytes } from '../parts.ts'
import { find } from './find.ts'

const SHOWN_BYTES = 256 * 1024

export function addSource(server: FastifyInstance, { store }: ConsoleDeps): void {
  server.get('/messages/:id/source', async (request, reply) => {
    const message = await find(store, request)
    const { id, rawMessage } = message
    const text = (await startOf(store, message)).toString('utf8')
    const subject = message.subject || '(no subject)'
    const path = [
      ['/messages', 'Messages'],
      [`/messages/${id}`, subject],
    ] as const
    const body = html`<h1 class="clip">Source of <bdi>${subject}</bdi></h1>
      ${rawMessage.sizeBytes > SHOWN_BYTES && html`<p class="alert warn">These are the first ${bytes(SHOWN_BYTES)} of ${bytes(rawMessage.sizeBytes)}: download it for the rest.</p>`}
      <p class="actions"><a class="button quiet" href="/messages/${id}/raw" download>Download (${bytes(rawMessage.sizeBytes)})</a></p>
      <section class="card"><pre class="raw" role="region" tabindex="0" aria-label="Source">${marked(text)}</pre></section>`
    return reply
      .type('text/html')
      .send(page({ title: `Source of ${subject}`, section: '/messages', session: request.session, path, body }))
  })
}

async function startOf(store: Store, { sha256 }: WholeMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of store.raw.octets(sha256)) {
    chunks.push(chunk.subarray(0, SHOWN_BYTES - length))
    length += chunk.length
    if (length >= SHOWN_BYTES) break
  }
  return Buffer.concat(chunks)
}

/** With the names of the header fields in bold. */
function marked(text: string): Html {
  const lines = text.split(/\r\n|\n|\r/)
  const end = lines.indexOf('')
  const headEnd = end === -1 ? lines.length : end
  const head = lines.slice(0, headEnd).map((line) => html`${field(line)}\n`)
  return html`${head}${lines.slice(headEnd).join('\n')}`
}

function field(line: string): Html {
  const colon = /^[\x21-\x39\x3b-\x7e]{1,200}:/.exec(line)?.[0]
  return colon === undefined ? html`${line}` : html`<b>${colon}</b>${line.slice(colon.length)}`
}
