/**
 * The mail as its reader sees it, for a frame: sanitised, without scripts, and nothing of it is fetched from elsewhere.
 * Three fences, each of which would do: the sanitiser, a policy that allows images of ours and styles alone, and a
 * sandbox, in the frame and in the answer itself.
 */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { asMailchuteError } from '../../../errors.ts'
import { type Html, html } from '../../html.ts'
import type { Sanitising } from '../../sanitising/sanitising.ts'
import type { ConsoleDeps } from '../../server.ts'
import { find } from './find.ts'
import { type Reading, readingOf } from './reading.ts'

/**
 * Links open outside of the frame, in a page that knows nothing of it. `allow-same-origin` is there for the images: those of
 * a frame without an origin are asked for without the login. It gives nothing to a page that can run no script.
 */
export const FRAME_SANDBOX = 'allow-popups allow-popups-to-escape-sandbox allow-same-origin'

const POLICY = [
  "default-src 'none'",
  "img-src 'self' data:",
  "style-src 'unsafe-inline'",
  "frame-ancestors 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  `sandbox ${FRAME_SANDBOX}`,
].join('; ')

export function addMail(server: FastifyInstance, deps: ConsoleDeps, sanitising: Sanitising): void {
  server.get('/messages/:id/mail', async (request, reply) => {
    const message = await find(deps.store, request)
    const reading = await readingOf(deps, message).catch((thrown: unknown) => asMailchuteError(thrown).code)
    if (typeof reading === 'string') return send(reply, problem(reading))
    const mail = reading.html === null ? ofText(reading) : await ofHtml(message.id, reading, sanitising)
    return send(reply, mail)
  })
}

interface Shown {
  readonly body: string
  /** Mails in HTML are written for white paper. */
  readonly isPaper: boolean
}

function send(reply: FastifyReply, { body, isPaper }: Shown): FastifyReply {
  return reply
    .type('text/html')
    .header('content-security-policy', POLICY)
    .header('x-frame-options', 'SAMEORIGIN')
    .send(`<!doctype html>
<html lang="und">
<head><meta charset="utf-8"><title>Mail</title><meta name="referrer" content="no-referrer">
<style>${isPaper ? PAPER : SCREEN}${STYLE}</style></head>
<body>${body}</body>
</html>
`)
}

const PAPER = ':root{color-scheme:light;background:#fff;color:#1b2422}'
const SCREEN = ':root{color-scheme:light dark;background:light-dark(#fff,#1b2124);color:light-dark(#1b2422,#e4e9e7)}'
const STYLE = `body{margin:1rem;font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
img{max-width:100%;height:auto}
pre.mailchute{white-space:pre-wrap;font:inherit;margin:0}
p.mailchute{font:13px/1.4 system-ui,sans-serif;color:light-dark(#54625d,#9fb0aa);border-bottom:1px solid light-dark(#dde2df,#2d3538);margin:0 0 1rem;padding:0 0 .6rem}`

function ofText({ text }: Reading): Shown {
  const body =
    text === null || text.trim() === '' ? note('This mail has no text.') : html`<pre class="mailchute">${text}</pre>`
  return { body: body.toString(), isPaper: false }
}

async function ofHtml(id: string, reading: Reading, { sanitise }: Sanitising): Promise<Shown> {
  const { html: source, attachments } = reading
  const shown = await sanitise(source ?? '', { attachments, at: `/messages/${id}/parts/` })
  if (shown === null) {
    const { body, isPaper } = ofText(reading)
    return { body: `${note('Its HTML takes too long to be made safe: this is its text.')}${body}`, isPaper }
  }
  const told = [
    shown.remoteContentBlocked > 0 &&
      note(
        `${counted(shown.remoteContentBlocked)} from outside ${shown.remoteContentBlocked === 1 ? 'was' : 'were'} not loaded.`,
      ),
    shown.shortened === 'cut' && note('It is too long to be shown whole: the source has the rest.'),
    shown.shortened === 'text' && note('It has too many elements to be shown as they are: this is its text.'),
  ]
  return { body: `${html`${told}`}${shown.html}`, isPaper: true }
}

const counted = (images: number): string => (images === 1 ? '1 image' : `${images} images`)

const note = (text: string): Html => html`<p class="mailchute">${text}</p>`

const problem = (code: string): Shown => ({
  body: html`${note('This mail cannot be shown. Its source can be looked at and downloaded.')}<p><code>${code}</code></p>`.toString(),
  isPaper: false,
})
